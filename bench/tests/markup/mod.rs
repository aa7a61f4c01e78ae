//! The markup of a page of charts.

/// Returns the page from its body on, without scripts: XML, so that any unclosed element is detected.
pub fn without_scripts(page: &str) -> String {
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\"><head>"), "an HTML page");
    let mut rest = &page[page.find("<body>").expect("after the head")..];
    rest = rest.strip_suffix("</html>").expect("closed");
    let mut kept = String::new();
    while let Some((before, script)) = rest.split_once("<script>") {
        kept += before;
        rest = script.split_once("</script>").expect("closed").1;
    }
    kept + rest
}
