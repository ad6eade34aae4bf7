//! `csv("file.csv")`: what is a table, and what is said of what is none.

use super::{Files, errors, program, value};

/// The elements of a table by a program that has `t = csv("t.csv")`.
fn element(table: &str, element: &str) -> f64 {
    let root = format!("t = csv(\"t.csv\")\nn = len(t)\nV(q) = {element} + 0*q");
    value(&program(&root, &[("t.csv", table)]), &[0.0], &[])
}

#[test]
fn tables_as_people_write_them() {
    // With a header, remarks, blank lines, spaces, CRLF and a byte order mark, all the same table.
    let tables = [
        "1,2,3\n4,5,6.5\n",
        "1,2,3\n4,5,6.5",
        "x,y,z\n1,2,3\n4,5,6.5\n",
        "\u{feff}\"x\",\"y\",\"z 1\"\r\n1,2,3\r\n4,5,6.5\r\n",
        "# a remark\n\n  \n1 , 2,\t3\n# 7,8,9\n4e0,+5.,0.65e1\n\n",
    ];
    for table in tables {
        assert_eq!(element(table, "t[2, 3]"), 6.5, "{table}");
        assert_eq!(element(table, "t[1, 1]"), 1.0, "{table}");
        assert_eq!(element(table, "n"), 2.0, "{table}");
    }
}

#[test]
fn one_column_is_a_vector() {
    assert_eq!(
        element("c\n1\n2\n4\n", "sum(t[i]*10^i for i in 1..n)"),
        4210.0
    );
    assert_eq!(element("8\n", "t[1] + n"), 9.0);
    // One row is a table all the same.
    assert_eq!(element("1,2,4\n", "t[1, 3] + n"), 5.0);
    // What a file holds can be given to a function that takes any number of points.
    let root = "import \"f.pot\" (f)\nt = csv(\"t.csv\")\nV(q) = q*f(t)";
    let function = "f(r[n, 2]) = sum(r[i, 1]*r[i, 2] for i in 1..n)";
    let program = program(root, &[("f.pot", function), ("t.csv", "1,2\n3,4\n")]);
    assert_eq!(value(&program, &[1.0], &[]), 14.0);
}

#[test]
fn tables_lie_beside_the_file_that_names_them() {
    let others = [
        ("lib/f.pot", "t = csv(\"t.csv\")\nf(x) = t[1]*x\n"),
        ("lib/t.csv", "7\n"),
        ("t.csv", "5\n"),
    ];
    let root = "import \"lib/f.pot\" (f)\nt = csv(\"t.csv\")\nu = csv(\"./lib/../t.csv\")\nV(q) = f(q) + t[1] + u[1]";
    let mut files = Files::new(root, &others);
    let program = files.check().unwrap();
    assert_eq!(value(&program, &[1.0], &[]), 17.0);
    assert_eq!(files.memory.asked.len(), 3);
}

/// What is said of a table, and where.
fn refused(table: &str) -> String {
    let root = "t = csv(\"t.csv\")\nV(q) = t[1]*q + len(t)\n";
    let mut files = Files::new(root, &[("t.csv", table)]);
    let found = files.check().unwrap_err();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].code, "csv");
    let place = &found[0].labels[0];
    let file = &files.sources.get(place.span.source).name;
    let position = files.sources.position(place.span);
    format!("{file}:{position} {}", found[0].message)
}

#[test]
fn what_is_no_table() {
    let cases = [
        (
            "1,2\n3\n",
            "t.csv:2:1 this row has 1 number where those before have 2",
        ),
        (
            "1,2\n\n# x\n3,4,5\n",
            "t.csv:4:1 this row has 3 numbers where those before have 2",
        ),
        ("a,b\nc,d\n", "t.csv:2:1 `c` is no number"),
        ("1,2\n3, 4x\n", "t.csv:2:4 `4x` is no number"),
        // A slip in the first line is no header.
        ("1,2.O\n3,4\n", "t.csv:1:3 `2.O` is no number"),
        ("1,2,\n", "t.csv:1:1 a number is missing"),
        ("1\n1e400\n", "t.csv:2:1 `1e400` is too large for a number"),
        ("1\nnan\n", "t.csv:2:1 `nan` is no finite number"),
        ("-inf\n", "t.csv:1:1 `-inf` is no finite number"),
        ("1;2\n3;4\n", "t.csv:1:1 `1;2` is no number"),
        ("0,5;1,5\n", "t.csv:1:3 `5;1` is no number"),
        ("1 2\n3 4\n", "t.csv:1:1 `1 2` is no number"),
        ("", "root.pot:1:9 t.csv holds no numbers"),
        ("x,y\n# nothing\n", "root.pot:1:9 t.csv holds no numbers"),
    ];
    for (table, expected) in cases {
        assert_eq!(refused(table), expected, "{table}");
    }
}

#[test]
fn tables_have_a_limit_with_a_number_in_it() {
    let row = "1,2,3,4,5,6,7,8,9,10\n";
    let message = refused(&row.repeat(50_001));
    assert_eq!(message, "t.csv:50001:1 t.csv has more than 500000 numbers");
}

#[test]
fn a_table_is_named_in_quotes_and_stays_in_its_folder() {
    let cases = [
        ("t = csv(\"../t.csv\")\nV(q) = q", "csv root.pot:1:9"),
        ("t = csv(\"/t.csv\")\nV(q) = q", "csv root.pot:1:9"),
        ("t = csv(\"\")\nV(q) = q", "csv root.pot:1:9"),
        ("t = csv(\"u.csv\")\nV(q) = q", "csv root.pot:1:9"),
        ("t = csv(1)\nV(q) = q", "csv root.pot:1:9"),
        ("t = csv(\"t.csv\", 1)\nV(q) = q", "arity root.pot:1:5"),
        ("t = csv(\"t.csv\")\nV(q) = t + q", "shape root.pot:2:10"),
    ];
    for (root, expected) in cases {
        assert_eq!(errors(root, &[("t.csv", "1\n2\n")]), [expected], "{root}");
    }
}
