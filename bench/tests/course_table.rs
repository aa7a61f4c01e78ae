//! Tests that the course's copy of the table of the six agrees with the code.

use std::path::Path;

/// Returns the cells of each row of a Markdown table: the width of the columns does not matter.
fn rows<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Vec<String>> {
    let is_row = |line: &&str| line.starts_with('|') && !line.starts_with("|-") && !line.starts_with("| -");
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    lines.map(str::trim).filter(is_row).map(cells).collect()
}

/// Two pages contain the rows that `ipc-bench list --markdown` prints, one after another.
#[test]
fn the_course_has_the_table_as_the_code_has_it() {
    let table = rows(ipc_bench::present::course::markdown().lines());
    assert_eq!(table.len(), 7, "a header and six rows");
    for page in ["comparison.md", "beginning/six.md"] {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src").join(page);
        let text =
            std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        let course = rows(text.lines());
        assert!(
            course.windows(table.len()).any(|window| window == table),
            "{} differs from `ipc-bench list --markdown`, which prints:\n{}",
            page.display(),
            ipc_bench::present::course::markdown()
        );
    }
}
