//! A Python module that builds the forces of OpenMM.

mod force;

use self::force::{Force, by_distance, sites_text};
use std::collections::BTreeMap;

use super::lepton::{self, Lepton};
use super::names::Names;
use super::plan::wrapped;
use super::python::{self, signed};
use super::refused;
use super::splines::Splines;
use super::straight::{Text, Writer};
use crate::diagnostic::Diagnostic;
use crate::graph::{Differentiated, Family, Graph, Model, Node, Op, number};

const AXES: [&str; 3] = ["x", "y", "z"];

/// What the coordinates of the model are in OpenMM.
enum Layout {
    /// The components of particles, so many of each.
    Particles(usize),
    /// Torsions, of four particles each.
    Torsions,
}

/// The module: a function that gives a list of forces.
///
/// # Errors
/// A gradient (OpenMM takes it itself), angles beside other coordinates, a formula that is too long.
pub(super) fn write(model: &Model, gradient: bool) -> Result<String, Diagnostic> {
    if gradient {
        return Err(lepton::no_gradient("OpenMM"));
    }
    let mut module = Module {
        model,
        layout: layout(model)?,
        names: Names::new(&[
            lepton::RESERVED,
            python::RESERVED,
            "particles torsions forces force itertools at row numbers k",
        ]),
        parameters: Vec::new(),
    };
    for site in 1..=4 * model.dimension().max(1) {
        for letter in ["x", "y", "z", "p", "a"] {
            module.names.claim(&format!("{letter}{site}"));
        }
    }
    let function = module.names.claim(&model.name);
    module.parameters = model
        .parameter_names()
        .iter()
        .map(|name| module.names.claim(name))
        .collect();
    let mut bodies = String::new();
    for force in module.forces() {
        bodies.push_str(&module.force(force)?);
    }
    Ok(module.text(&function, &bodies))
}

fn layout(model: &Model) -> Result<Layout, Diagnostic> {
    let angle = |period: Option<f64>| period == Some(std::f64::consts::TAU);
    let angles = model.coordinates.iter().filter(|c| angle(c.period)).count();
    if angles == model.dimension() && angles > 0 {
        return Ok(Layout::Torsions);
    }
    if angles > 0 {
        let message =
            "some coordinates are angles and others are not: no force of OpenMM takes both";
        let help = "write a potential of the angles and one of the others, and add the two forces; or build a CustomCVForce of the energy of --to plumed";
        return Err(refused(message, help));
    }
    let d = model.dimension();
    let columns = model.coordinates.last().and_then(|last| {
        let (_, inside) = last.name.strip_suffix(']')?.split_once('[')?;
        let (_, columns) = inside.split_once(',')?;
        columns.trim().parse::<usize>().ok()
    });
    let base = |name: &str| name.split('[').next().unwrap_or(name).to_owned();
    let one = model
        .coordinates
        .windows(2)
        .all(|pair| base(&pair[0].name) == base(&pair[1].name));
    Ok(Layout::Particles(match columns {
        Some(columns) if one && (1..=3).contains(&columns) => columns,
        _ if d <= 3 => d.max(1),
        _ => 1,
    }))
}

/// The number of a member, and its sites.
type Member = (usize, Vec<u32>);

struct Module<'a> {
    model: &'a Model,
    layout: Layout,
    names: Names,
    parameters: Vec<String>,
}

impl Module<'_> {
    /// The site of a coordinate, and its axis there.
    fn site(&self, coordinate: u32) -> (u32, usize) {
        match self.layout {
            Layout::Particles(width) => (coordinate / width as u32, coordinate as usize % width),
            Layout::Torsions => (coordinate, 0),
        }
    }

    /// What a slot is called in the energy of a force with so many sites.
    fn slot(&self, site: usize, axis: usize, sites: usize) -> Text {
        match (&self.layout, sites) {
            (Layout::Torsions, _) => Text::atom(format!("a{}", site + 1)),
            (_, 1) => Text::atom(AXES[axis]),
            _ => Text::atom(format!("{}{}", AXES[axis], site + 1)),
        }
    }

    fn forces(&self) -> Vec<Force> {
        let d = self.model.dimension();
        let parts = match self.sites() {
            // One site takes the formula as it is.
            0 | 1 => Differentiated::beyond(self.model, usize::MAX),
            _ => Differentiated::beyond(self.model, 0),
        };
        let mut rest = parts.graph.clone();
        let mut sum = parts.roots[0];
        let mut forces = Vec::new();
        for family in &parts.families {
            let nodes = (0..family.members()).flat_map(|member| family.fillings(member));
            let known: Option<Vec<f64>> = nodes.map(|&at| parts.graph.as_constant(at)).collect();
            match known {
                Some(known) => forces.extend(self.family(family, &known)),
                // What a parameter changes is no number of a member.
                None => {
                    for member in 0..family.members() {
                        let term = family.member(&mut rest, member, d);
                        sum = rest.plus(sum, term);
                    }
                }
            }
        }
        let sum = rest.simplify(&[sum], d)[0];
        if rest.as_constant(sum) != Some(0.0) || forces.is_empty() {
            forces.push(self.rest(rest, sum));
        }
        forces
    }

    fn sites(&self) -> u32 {
        match self.model.dimension() {
            0 => 0,
            d => self.site(d as u32 - 1).0 + 1,
        }
    }

    /// What belongs to no family: one member with all the sites that it needs.
    fn rest(&self, graph: Graph, value: Node) -> Force {
        let d = self.model.dimension();
        let mut sites: Vec<u32> = Vec::new();
        for at in graph.schedule(&[value]) {
            if let Op::Input(input) = graph.op(at)
                && (input as usize) < d
            {
                sites.push(self.site(input).0);
            }
        }
        sites.sort_unstable();
        sites.dedup();
        if sites.is_empty() {
            sites.push(0);
        }
        let mut inputs: Vec<Text> = (0..d as u32)
            .map(|coordinate| {
                let (site, axis) = self.site(coordinate);
                let place = sites.binary_search(&site).unwrap_or(0);
                self.slot(place, axis, sites.len())
            })
            .collect();
        inputs.extend(self.parameters.iter().map(Text::atom));
        Force {
            sites: sites.len(),
            members: vec![sites],
            graph,
            value,
            inputs,
            numbers: Vec::new(),
            bond: false,
        }
    }

    /// The members of a family by the axes of their slots; terms of the same sites are one force.
    fn family(&self, family: &Family, known: &[f64]) -> Vec<Force> {
        let mut groups: BTreeMap<Vec<(usize, usize)>, Vec<Member>> = BTreeMap::new();
        for member in 0..family.members() {
            let mut sites: Vec<u32> = Vec::new();
            let mut slots = Vec::new();
            for &coordinate in family.coordinates(member) {
                let (site, axis) = self.site(coordinate);
                let place = sites.iter().position(|known| *known == site);
                let place = place.unwrap_or_else(|| {
                    sites.push(site);
                    sites.len() - 1
                });
                slots.push((place, axis));
            }
            groups.entry(slots).or_default().push((member, sites));
        }
        let mut forces: Vec<Force> = Vec::new();
        for (slots, members) in groups {
            let force = self.group(family, known, &slots, members);
            match forces.iter_mut().find(|other| other.takes(&force)) {
                Some(other) => other.add(force),
                None => forces.push(force),
            }
        }
        forces
    }

    fn group(
        &self,
        family: &Family,
        known: &[f64],
        slots: &[(usize, usize)],
        members: Vec<Member>,
    ) -> Force {
        let sites = members.first().map_or(0, |(_, sites)| sites.len());
        let width = family.constants();
        let mut inputs: Vec<Text> = slots
            .iter()
            .map(|&(site, axis)| self.slot(site, axis, sites))
            .collect();
        let names = (0..width).map(|c| format!("c{}", c + 1));
        let mut names: Vec<String> = names.map(|name| self.names.clone().claim(&name)).collect();
        let column = |c: usize| members.iter().map(|(m, _)| known[m * width + c]).collect();
        let numbers = names
            .drain(..)
            .enumerate()
            .map(|(c, name)| (name, column(c)));
        let numbers: Vec<(String, Vec<f64>)> = numbers.collect();
        inputs.extend(numbers.iter().map(|(name, _)| Text::atom(name)));
        inputs.extend(self.parameters.iter().map(Text::atom));
        let (graph, value, bond) = by_distance(family, slots, inputs.len());
        if bond.is_some() {
            inputs.push(Text::atom("r"));
        }
        Force {
            sites,
            members: members.into_iter().map(|(_, sites)| sites).collect(),
            graph,
            value,
            inputs,
            numbers,
            bond: bond == Some(true),
        }
    }

    /// The statements that build a force.
    fn force(&self, mut force: Force) -> Result<String, Diagnostic> {
        let value = lepton::lowered(&mut force.graph, &[force.value], true)?;
        let splines = Splines::of(&[(&force.graph, &value)]);
        let mut writer = Writer {
            dialect: &Lepton,
            names: self.names.clone(),
            splines: &splines,
            count: 0,
        };
        let straight = writer.straight(&force.graph, &value, &force.inputs);
        let mut energy = lepton::text(&straight);
        let uses = |name: &str| energy.iter().any(|line| super::plan::mentions(line, name));
        let used: Vec<usize> = (0..self.parameters.len())
            .filter(|&at| uses(&self.parameters[at]))
            .collect();
        let far = uses("r") && force.inputs.iter().any(|input| input.text == "r");
        let tables = !splines.tables.is_empty();
        let (class, add) = self.class(&force, tables);
        if class == "CustomCompoundBondForce" {
            if far {
                energy.push("r = distance(p1, p2)".to_owned());
            }
            energy.extend(self.definitions(&force));
        } else if class == "CustomTorsionForce" {
            energy.push("a1 = theta".to_owned());
        }
        let mut lines: Vec<String> = energy
            .iter()
            .map(|line| format!("        \"{line}; \"\n"))
            .collect();
        if let Some(last) = lines.last_mut() {
            *last = last.replace("; \"\n", "\"\n");
        }
        let particles = match class {
            "CustomCompoundBondForce" => format!("        {},\n", force.particles(&self.layout)),
            _ => String::new(),
        };
        let mut out = format!(
            "    force = openmm.{class}(\n{particles}{}    )\n",
            lines.concat()
        );
        for (at, table) in splines.tables.iter().enumerate() {
            let numbers: Vec<String> = table.coefficients().iter().map(|x| signed(*x)).collect();
            out.push_str(&format!(
                "    force.addTabulatedFunction(\"table{}\", openmm.Discrete1DFunction([\n{}    ]))\n",
                at + 1,
                wrapped(&numbers, "        ")
            ));
        }
        for at in used {
            out.push_str(&format!(
                "    force.addGlobalParameter(\"{}\", {})\n",
                self.parameters[at],
                signed(self.model.parameters[at].value)
            ));
        }
        let kind = match class {
            "CustomExternalForce" => "Particle",
            "CustomTorsionForce" => "Torsion",
            _ => "Bond",
        };
        for (name, _) in &force.numbers {
            out.push_str(&format!("    force.addPer{kind}Parameter(\"{name}\")\n"));
        }
        out.push_str(&self.additions(&force, class, add));
        out.push_str("    forces.append(force)\n");
        Ok(out)
    }

    fn class(&self, force: &Force, tables: bool) -> (&'static str, &'static str) {
        match (&self.layout, force.sites) {
            (_, _) if tables => ("CustomCompoundBondForce", "addBond"),
            (Layout::Torsions, 1) => ("CustomTorsionForce", "addTorsion"),
            (Layout::Particles(_), 1) => ("CustomExternalForce", "addParticle"),
            _ if force.bond => ("CustomBondForce", "addBond"),
            _ => ("CustomCompoundBondForce", "addBond"),
        }
    }

    /// What the energy of a compound bond calls the coordinates of its particles.
    fn definitions(&self, force: &Force) -> Vec<String> {
        match self.layout {
            Layout::Torsions => (0..force.sites)
                .map(|site| {
                    let p = 4 * site;
                    format!(
                        "a{} = dihedral(p{}, p{}, p{}, p{})",
                        site + 1,
                        p + 1,
                        p + 2,
                        p + 3,
                        p + 4
                    )
                })
                .collect(),
            Layout::Particles(width) if force.sites == 1 => AXES[..width]
                .iter()
                .map(|axis| format!("{axis} = {axis}1"))
                .collect(),
            Layout::Particles(_) => Vec::new(),
        }
    }

    /// The loop that adds the members.
    fn additions(&self, force: &Force, class: &str, add: &str) -> String {
        let list = match self.layout {
            Layout::Torsions => "torsions",
            Layout::Particles(_) => "particles",
        };
        let sites = sites_text(&force.members);
        let member = match (&self.layout, class) {
            (Layout::Torsions, "CustomTorsionForce") => "*torsions[at[0]]".to_owned(),
            (Layout::Torsions, _) => "[p for k in at for p in torsions[k]]".to_owned(),
            (_, "CustomExternalForce") => format!("{list}[at[0]]"),
            (_, "CustomBondForce") => format!("{list}[at[0]], {list}[at[1]]"),
            _ => format!("[{list}[k] for k in at]"),
        };
        if force.numbers.is_empty() {
            return format!("    for at in {sites}:\n        force.{add}({member}, [])\n");
        }
        let columns: Vec<String> = force
            .numbers
            .iter()
            .map(|(_, column)| {
                let numbers: Vec<String> = column.iter().map(|x| signed(*x)).collect();
                format!(
                    "        [\n{}        ],\n",
                    wrapped(&numbers, "            ")
                )
            })
            .collect();
        format!(
            "    numbers = [\n{}    ]\n    for at, row in zip({sites}, zip(*numbers)):\n        force.{add}({member}, list(row))\n",
            columns.concat()
        )
    }

    fn text(&self, function: &str, bodies: &str) -> String {
        let d = self.model.dimension();
        let names: Vec<String> = self
            .model
            .coordinates
            .iter()
            .map(|c| c.name.clone())
            .collect();
        let names = super::plan::listed(&names);
        let sites = self.sites().max(1);
        let (argument, what) = match self.layout {
            Layout::Torsions => (
                "torsions".to_owned(),
                format!(
                    "`torsions` has four particles for each of {names}: their torsion is the angle, in radians."
                ),
            ),
            Layout::Particles(width) => {
                let default = match sites {
                    1 => "(0,)".to_owned(),
                    n => format!("range({n})"),
                };
                let axes = AXES[..width].join(", ");
                let what = match width {
                    1 if d == 1 => format!("{names} is the x of the particle in `particles`."),
                    _ if sites == 1 => {
                        format!("{names} are the {axes} of the particle in `particles`.")
                    }
                    1 => format!("{names} are the x of the {sites} particles in `particles`."),
                    _ => format!("{names} are the {axes} of the {sites} particles in `particles`."),
                };
                (format!("particles={default}"), what)
            }
        };
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .zip(&self.model.parameters)
            .map(|(name, parameter)| format!("{name} = {}", number(parameter.value)))
            .collect();
        let parameters = match parameters.is_empty() {
            true => String::new(),
            false => format!(
                "Global parameters, which a context may change: {}\n",
                parameters.join(", ")
            ),
        };
        let imports = match bodies.contains("itertools.") {
            true => "import itertools\n\nimport openmm\n",
            false => "import openmm\n",
        };
        format!(
            "\"\"\"The potential {} for OpenMM, written by effpot-lang {}.\n\n\
             {what}\nNumbers are taken as they are: lengths in nm, energies in kJ/mol.\n{parameters}\n    \
             for force in {function}({}):\n        system.addForce(force)\n\"\"\"\n\n{imports}\n\n\
             def {function}({argument}):\n    \"\"\"A list of forces; their energies add up.\"\"\"\n    \
             {}\n    forces = []\n{bodies}    return forces\n",
            self.model.name,
            env!("CARGO_PKG_VERSION"),
            match self.layout {
                Layout::Torsions => "[(0, 1, 2, 3)]",
                Layout::Particles(_) => "",
            }
            .replace("[(0, 1, 2, 3)]", &example_torsions(d)),
            match self.layout {
                Layout::Torsions => "torsions = [tuple(torsion) for torsion in torsions]",
                Layout::Particles(_) => "particles = list(particles)",
            },
        )
    }
}

fn example_torsions(d: usize) -> String {
    let one = |k: usize| format!("({}, {}, {}, {})", k, k + 1, k + 2, k + 3);
    let list: Vec<String> = (0..d.min(3)).map(one).collect();
    let more = if d > 3 { ", ..." } else { "" };
    format!("[{}{more}]", list.join(", "))
}
