//! A look at V in many coordinates, where boxes have too many cells: descents on several scales,
//! and V along lines through the lowest place that they find.

use super::{Side, Stream};

/// A place this many kT above the lowest one is not visited.
const DEPTH: f64 = 12.0;
/// Length scales, as powers of four, of the points on a line.
const SCALES: std::ops::RangeInclusive<i32> = -10..=15;
/// Length scales, as powers of four, from which descents begin.
const BEGINNINGS: std::ops::RangeInclusive<i32> = -5..=5;
/// Descents from each scale.
const DESCENTS: usize = 2;
/// Points that a slope or a level is averaged over.
const CLOUD: usize = 8;
/// What is left of the radius of the cloud after a step of a descent.
const SHRINK: f64 = 0.85;
/// Steps of a descent: the radius falls by a factor of a thousand.
const STEPS: usize = 43;
/// Strides along which all coordinates of an array are shifted together: an array of points has
/// up to three coordinates a point.
const STRIDES: std::ops::RangeInclusive<usize> = 1..=3;

/// Fills values (shape: points) or gradients (shape: coordinates, points) at many points (shape:
/// coordinates, points).
pub(super) type Fill<'a> = &'a mut dyn FnMut(&[f64], &mut [f64]);

/// A direction, and how far V rises along it.
#[derive(Clone, Debug)]
struct Line {
    /// The coordinates that move together.
    coordinates: Vec<usize>,
    /// V less its level at the lowest place, downwards and upwards, on every scale.
    rises: [Vec<f64>; 2],
}

/// V in many coordinates.
#[derive(Clone, Debug)]
pub(super) struct Rays {
    /// The bottoms that descents found, each with its mean of V, the lowest first.
    bottoms: Vec<(Vec<f64>, f64)>,
    lines: Vec<Line>,
    sides: Vec<Option<Side>>,
    /// Evaluations of V and its gradient.
    pub evaluations: u64,
}

fn scale(power: i32) -> f64 {
    4f64.powi(power)
}

impl Rays {
    /// Looks around `centre`.
    pub fn look(
        centre: &[f64],
        sides: &[Option<Side>],
        stream: &mut Stream,
        values: Fill<'_>,
        slopes: Fill<'_>,
    ) -> Rays {
        let mut rays = Rays {
            bottoms: Vec::new(),
            lines: Vec::new(),
            sides: sides.to_vec(),
            evaluations: 0,
        };
        for power in BEGINNINGS {
            for _ in 0..DESCENTS {
                let radius = scale(power);
                let bottom = rays.descend(centre, radius, stream, slopes);
                let level = rays.level(&bottom, radius * 1e-3, stream, values);
                rays.bottoms.push((bottom, level));
            }
        }
        let here = rays.level(centre, scale(*BEGINNINGS.start()) * 1e-3, stream, values);
        rays.bottoms.push((centre.to_vec(), here));
        rays.bottoms.retain(|(_, level)| level.is_finite());
        rays.bottoms.sort_by(|a, b| a.1.total_cmp(&b.1));
        if !rays.bottoms.is_empty() {
            rays.scan(values);
        }
        rays
    }

    /// The lowest place and its level; `None` where V is finite nowhere.
    pub fn lowest(&self) -> Option<(&[f64], f64)> {
        let (x, level) = self.bottoms.first()?;
        Some((x, *level))
    }

    /// The bottoms that are not higher than `height` above the lowest.
    pub fn bottoms(&self, height: f64) -> Vec<Vec<f64>> {
        let lowest = self.lowest().map_or(f64::NAN, |(_, level)| level);
        let bottoms = self.bottoms.iter();
        let low = bottoms.filter(|(_, level)| *level <= lowest + height);
        low.map(|(x, _)| x.clone()).collect()
    }

    /// A cloud of points around a place. Shape: coordinates, points.
    fn cloud(x: &[f64], radius: f64, stream: &mut Stream) -> Vec<f64> {
        let mut points = Vec::with_capacity(x.len() * CLOUD);
        for x in x {
            points.extend((0..CLOUD).map(|_| x + radius * stream.normal()));
        }
        points
    }

    /// Steps against the mean slope over a cloud that shrinks; each is as long as the cloud is
    /// wide, however steep V is.
    fn descend(
        &mut self,
        centre: &[f64],
        radius: f64,
        stream: &mut Stream,
        slopes: Fill<'_>,
    ) -> Vec<f64> {
        let d = centre.len();
        let mut x: Vec<f64> = centre
            .iter()
            .map(|x| x + radius * stream.normal())
            .collect();
        let mut radius = radius;
        let mut g = vec![f64::NAN; d * CLOUD];
        for _ in 0..STEPS {
            slopes(&Rays::cloud(&x, radius, stream), &mut g);
            self.evaluations += CLOUD as u64;
            let good: Vec<usize> = (0..CLOUD)
                .filter(|at| (0..d).all(|c| g[c * CLOUD + at].is_finite()))
                .collect();
            let mean: Vec<f64> = (0..d)
                .map(|c| good.iter().map(|at| g[c * CLOUD + at]).sum::<f64>())
                .collect();
            let length = mean.iter().fold(0.0, |sum: f64, g| sum.hypot(*g));
            if length > 0.0 && length.is_finite() {
                let step = 0.5 * radius * (d as f64).sqrt() / length;
                x.iter_mut().zip(&mean).for_each(|(x, g)| *x -= step * g);
            }
            for (x, side) in x.iter_mut().zip(&self.sides) {
                if let Some(side) = side {
                    *x = match side.periodic {
                        true => side.wrap(*x),
                        false => x.clamp(side.lo, side.hi),
                    };
                }
            }
            radius *= SHRINK;
        }
        x
    }

    /// The mean of V over a cloud.
    fn level(&mut self, x: &[f64], radius: f64, stream: &mut Stream, values: Fill<'_>) -> f64 {
        let mut v = vec![f64::NAN; CLOUD];
        values(&Rays::cloud(x, radius, stream), &mut v);
        self.evaluations += CLOUD as u64;
        v.iter().sum::<f64>() / CLOUD as f64
    }

    /// V along every coordinate, and where many are shifted together.
    fn scan(&mut self, values: Fill<'_>) {
        let (lowest, level) = self.bottoms[0].clone();
        let d = lowest.len();
        let single = (0..d).map(|c| vec![c]);
        let together = STRIDES.flat_map(|stride| {
            (0..stride).map(move |first| (first..d).step_by(stride).collect::<Vec<usize>>())
        });
        let count = 2 * SCALES.count();
        let mut v = vec![f64::NAN; count];
        for coordinates in single.chain(together) {
            let moves = |c: &usize| self.sides[*c].is_none();
            if !coordinates.iter().all(moves) {
                continue;
            }
            let mut points: Vec<f64> = lowest
                .iter()
                .flat_map(|x| std::iter::repeat_n(*x, count))
                .collect();
            for &c in &coordinates {
                for (at, power) in SCALES.enumerate() {
                    points[c * count + 2 * at] -= scale(power);
                    points[c * count + 2 * at + 1] += scale(power);
                }
            }
            values(&points, &mut v);
            self.evaluations += count as u64;
            let along = |way: usize| v.iter().skip(way).step_by(2).map(|v| v - level).collect();
            self.lines.push(Line {
                coordinates,
                rises: [along(0), along(1)],
            });
        }
    }

    /// How far one may go along a line without rising higher than `height`, beyond which V stays
    /// higher on all scales; `None` where it does not.
    fn reach(rises: &[f64], height: f64) -> Option<f64> {
        // What is not finite is a wall.
        let below = rises.iter().rposition(|rise| *rise <= height);
        let last = rises.len() - 1;
        match below {
            Some(at) if at == last => None,
            Some(at) => Some(scale(SCALES.start() + at as i32 + 1)),
            None => Some(scale(*SCALES.start())),
        }
    }

    /// The line of a coordinate alone.
    fn line(&self, coordinate: usize) -> Option<&Line> {
        let mut lines = self.lines.iter();
        lines.find(|line| line.coordinates == [coordinate])
    }

    /// A box that a system at temperature `kt` does not leave; `None` where V does not hold it.
    pub fn hull(&self, kt: f64) -> Option<Vec<Side>> {
        let (lowest, _) = self.lowest()?;
        if !self.free(kt).is_empty() {
            return None;
        }
        // Many coordinates together go further than each of them alone.
        let wider = (lowest.len() as f64).sqrt();
        let side = |(c, x): (usize, &f64)| {
            if let Some(side) = self.sides[c] {
                return Some(side);
            }
            let rises = &self.line(c)?.rises;
            let reach = |way: usize| Some(wider * Rays::reach(&rises[way], DEPTH * kt)?);
            Some(Side::plain(x - reach(0)?, x + reach(1)?))
        };
        lowest.iter().enumerate().map(side).collect()
    }

    /// The coordinates along which V does not hold a system at temperature `kt`, alone or together
    /// with others.
    pub fn free(&self, kt: f64) -> Vec<usize> {
        let open = |line: &&Line| {
            let mut ways = line.rises.iter();
            ways.any(|rises| Rays::reach(rises, DEPTH * kt).is_none())
        };
        let mut free: Vec<usize> = self
            .lines
            .iter()
            .filter(open)
            .flat_map(|line| line.coordinates.iter().copied())
            .collect();
        free.sort_unstable();
        free.dedup();
        free
    }

    /// The coordinates along which V goes on falling at the end of a line.
    pub fn falling(&self) -> Vec<usize> {
        let falls = |rises: &Vec<f64>| match rises.as_slice() {
            [.., before, last] => *last < 0.0 && last < before,
            _ => false,
        };
        let single = self.lines.iter().filter(|line| line.coordinates.len() == 1);
        let falling = single.filter(|line| line.rises.iter().any(falls));
        falling.map(|line| line.coordinates[0]).collect()
    }

    /// Places scattered around the bottoms that a system at temperature `kt` may be at (shape:
    /// points, coordinates): along each coordinate within what it may visit, and as near to the
    /// bottom as it must be for V to allow it.
    pub fn starts(&self, kt: f64, stream: &mut Stream, values: Fill<'_>) -> Vec<f64> {
        const DRAWS: usize = 256;
        const HALVINGS: usize = 40;
        let Some((lowest, level)) = self.lowest() else {
            return Vec::new();
        };
        let d = lowest.len();
        let bottoms: Vec<&(Vec<f64>, f64)> = self
            .bottoms
            .iter()
            .filter(|(_, other)| *other <= level + DEPTH * kt)
            .collect();
        let widths: Vec<f64> = (0..d)
            .map(|c| match (self.sides[c], self.line(c)) {
                (Some(side), _) => 0.25 * (side.hi - side.lo),
                (None, Some(line)) => {
                    let reach = |rises: &Vec<f64>| Rays::reach(rises, 0.5 * kt).unwrap_or(1e-3);
                    0.25 * reach(&line.rises[0]).min(reach(&line.rises[1]))
                }
                (None, None) => 1e-3,
            })
            .collect();
        // Twice the mean potential energy of harmonic modes, and as much for the wells.
        let highest = level + (d as f64 + DEPTH) * kt;
        let mut pool = Vec::with_capacity(d * DRAWS);
        let mut v = [f64::NAN];
        for draw in 0..DRAWS {
            let (bottom, _) = bottoms[draw % bottoms.len()];
            let offset: Vec<f64> = widths.iter().map(|w| w * stream.normal()).collect();
            let mut part = 1.0;
            for _ in 0..HALVINGS {
                let x: Vec<f64> = bottom
                    .iter()
                    .zip(&offset)
                    .map(|(x, o)| x + part * o)
                    .collect();
                values(&x, &mut v);
                if v[0] <= highest {
                    break;
                }
                part *= 0.5;
            }
            pool.extend(bottom.iter().zip(&offset).map(|(x, o)| x + part * o));
        }
        pool
    }
}

#[cfg(test)]
mod tests {
    use super::super::Streams;
    use super::*;

    /// A chain of wells with a ripple: the bottoms are found, and the box holds them.
    #[test]
    fn a_bowl_in_twenty_coordinates_is_found_from_afar() {
        let d = 20;
        let v = |x: &[f64]| -> f64 {
            let terms = x
                .iter()
                .map(|x| (x - 3.0).powi(2) + 1e-3 * (x / 1e-3).sin());
            terms.sum()
        };
        let point = |points: &[f64], n: usize, at: usize| -> Vec<f64> {
            (0..d).map(|c| points[c * n + at]).collect()
        };
        let mut values = |points: &[f64], out: &mut [f64]| {
            let n = out.len();
            (0..n).for_each(|at| out[at] = v(&point(points, n, at)));
        };
        let mut slopes = |points: &[f64], out: &mut [f64]| {
            for (x, g) in points.iter().zip(out) {
                *g = 2.0 * (x - 3.0) + (x / 1e-3).cos();
            }
        };
        let mut stream = Streams::new(1).stream(0);
        let sides = vec![None; d];
        let rays = Rays::look(&vec![0.0; d], &sides, &mut stream, &mut values, &mut slopes);
        let (lowest, level) = rays.lowest().unwrap();
        // Far below kT = 1 for each coordinate, from 180 at the origin.
        assert!(level < 0.5 * d as f64, "{level} at {lowest:?}");
        let hull = rays.hull(1.0).unwrap();
        // 12 kT is 3.5 away along a coordinate.
        assert!(
            hull.iter()
                .all(|s| s.lo < -0.5 && s.hi > 6.5 && s.hi < 300.0)
        );
        assert!(rays.free(1.0).is_empty() && rays.falling().is_empty());
        let pool = rays.starts(1.0, &mut stream, &mut values);
        for x in pool.chunks_exact(d) {
            assert!(v(x) <= level + 32.0 + 1e-9);
        }
        assert!(pool.iter().any(|x| (x - 3.0).abs() > 0.3));
    }

    /// Springs between neighbours hold nothing together against a common shift.
    #[test]
    fn a_common_shift_is_free() {
        let d = 6;
        let mut values = |points: &[f64], out: &mut [f64]| {
            let n = out.len();
            for (at, v) in out.iter_mut().enumerate() {
                let springs = (1..d).map(|c| points[c * n + at] - points[(c - 1) * n + at]);
                *v = springs.map(|stretch| stretch * stretch).sum();
            }
        };
        let mut slopes = |_: &[f64], out: &mut [f64]| out.fill(0.0);
        let mut stream = Streams::new(1).stream(0);
        let sides = vec![None; d];
        let rays = Rays::look(&vec![0.0; d], &sides, &mut stream, &mut values, &mut slopes);
        assert_eq!(rays.free(1.0), (0..d).collect::<Vec<_>>());
        assert!(rays.hull(1.0).is_none());
    }
}
