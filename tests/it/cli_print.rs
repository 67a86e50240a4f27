//! Maps for paper and for other programs: SVG, PDF, sheets and series.

use std::path::Path;

use serde_json::json;

use crate::fixture::Desk;

fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type/Page/").count() + text.matches("/Type/Page>").count() + text.matches("/Type/Page\n").count()
}

#[test]
fn a_map_is_drawn_as_vectors() {
    let desk = Desk::new();
    desk.city_with_shops();
    let around = ["--around", "116.0002,29.7002,60"];
    let drawn = desk.json(&[&["render", "c.gpkg", "--out", "图.svg", "--size", "800x500"][..], &around].concat());
    assert_eq!([&drawn["width"], &drawn["height"]], [&json!(800), &json!(500)]);
    let svg = String::from_utf8(desk.read("图.svg")).expect("UTF-8");
    let document = roxmltree::Document::parse(&svg).expect("XML");
    let root = document.root_element();
    assert_eq!([root.attribute("width"), root.attribute("height")], [Some("800"), Some("500")]);
    let circles =
        root.descendants().filter(|node| node.has_tag_name((root.tag_name().namespace().unwrap_or(""), "circle")));
    assert_eq!(circles.count(), 3, "a disc for each shop");

    desk.done(&[&["render", "c.gpkg", "--out", "m.pdf"][..], &around].concat());
    let pdf = desk.read("m.pdf");
    assert!(pdf.starts_with(b"%PDF-") && String::from_utf8_lossy(&pdf).contains("NotoSansCJKsc"));
    assert_eq!(pages(&pdf), 1);
}

#[test]
fn a_sheet_has_the_size_of_its_paper() {
    let desk = Desk::new();
    desk.city_with_shops();
    let check = |words: &[&str], size: [u32; 2]| {
        let drawn = desk.json(&[&["render", "c.gpkg", "--overwrite", "--out"][..], words].concat());
        assert_eq!([&drawn["width"], &drawn["height"]], [&json!(size[0]), &json!(size[1])], "{words:?}");
    };
    check(&["s.pdf", "--sheet", "A3"], [1587, 1123]);
    check(&["s.svg", "--sheet", "A4", "--portrait"], [794, 1123]);
    check(&["s.png", "--sheet", "A4", "--dpi", "192", "--scale", "1:500"], [2245, 1587]);
    check(&["s.svg", "--sheet", "300x200", "--scale", "500", "--title", "商铺图"], [1134, 756]);
    let svg = String::from_utf8(desk.read("s.svg")).expect("UTF-8");
    for words in ["商铺图", "1:500"] {
        assert!(svg.contains(&format!(r#"aria-label="{words}""#)), "{words} is not on the sheet");
    }
}

#[test]
fn a_series_has_a_page_for_each_feature() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.done(&["render", "c.gpkg", "--out", "all.pdf", "--sheet", "A4", "--scale", "500", "--series", "shops"]);
    assert_eq!(pages(&desk.read("all.pdf")), 3);
    desk.fails(&["render", "c.gpkg", "--out", "all.png", "--sheet", "A4", "--series", "shops"], 2, "usage");
    desk.fails(&["render", "c.gpkg", "--out", "x.pdf", "--sheet", "A9"], 2, "usage");
    desk.fails(&["render", "c.gpkg", "--out", "x.png", "--sheet", "A0", "--dpi", "768"], 2, "usage");
    assert_eq!(desk.files().iter().filter(|name| name.starts_with('x')).count(), 0, "nothing was begun");
    desk.fails(&["render", "c.gpkg", "--out", "x.pdf", "--series", "shops"], 2, "usage");
}

#[test]
fn a_series_of_some_features_becomes_a_file_for_each() {
    let desk = Desk::new();
    desk.city_with_shops();
    let words = ["render", "c.gpkg", "--sheet", "A4", "--series", "shops", "--where", "seats > 0", "--scale", "500"];
    desk.done(&[&words[..], &["--out", "图 {}.svg", "--title", "商铺"]].concat());
    let files: Vec<String> = desk
        .files()
        .into_iter()
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "svg"))
        .collect();
    assert_eq!(files, ["图 1 浔阳楼.svg", "图 2 Cake 'n' Tea.svg"]);
    let svg = String::from_utf8(desk.read("图 1 浔阳楼.svg")).expect("UTF-8");
    assert!(svg.contains(r#"aria-label="商铺 · 浔阳楼""#));
    desk.fails(&[&words[..], &["--out", "图 {}.svg"]].concat(), 3, "file");
}

#[test]
fn parts_of_a_sheet_can_be_left_off() {
    let desk = Desk::new();
    desk.city_with_shops();
    let words = ["render", "c.gpkg", "--sheet", "A3", "--out", "s.svg", "--subtitle", "城管局", "--turn", "-30"];
    desk.done(&[&words[..], &["--without", "grid,north"]].concat());
    let svg = String::from_utf8(desk.read("s.svg")).expect("UTF-8");
    let has = |words: &str| svg.contains(&format!(r#"aria-label="{words}""#));
    assert!(has("城管局") && has("Legend") && !has("Grid north"));
    desk.fails(&[&words[..], &["--overwrite", "--without", "mark"]].concat(), 2, "usage");
}

#[test]
fn a_tour_with_a_bad_line_is_refused_before_any_window_opens() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.write("t.jsonl", "{\"zoom\":2}\n{\"zoom\":-2}\n");
    let error = desk.fails(&["open", "c.gpkg", "--tour", "t.jsonl", "--trace", "times.jsonl"], 2, "usage");
    assert!(error["en"].as_str().is_some_and(|words| words.contains("line 2")), "{error}");
    assert!(!desk.files().contains(&"times.jsonl".to_owned()));
    desk.fails(&["open", "c.gpkg", "--tour", "no.jsonl"], 3, "file");
}
