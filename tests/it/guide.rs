//! The pages of the documentation: every link leads somewhere, and the guide's list of chapters is complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Markdown files in a folder and below, sorted.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A page without its blocks of code.
fn prose(page: &Path) -> String {
    let text =
        fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let mut in_code = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !fence && !in_code
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Where the links of a page lead.
fn links(prose: &str) -> Vec<String> {
    let targets = prose.split("](").skip(1);
    let targets = targets.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()));
    targets.filter(|target| !target.contains("://")).collect()
}

/// The anchors of a page's headings, as code hosts and mdBook name them.
fn anchors(prose: &str) -> BTreeSet<String> {
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ => letter.is_alphanumeric().then_some(letter),
        });
        kept.collect::<String>()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let mut linked = 0;
    let mut checked = pages(&root().join("docs"));
    checked.extend(["README.md", "CONTRIBUTING.md", "RELEASING.md"].map(|name| root().join(name)));
    for page in checked {
        for target in links(&prose(&page)) {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let leads_to = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            assert!(leads_to.exists(), "{}: {target}", page.display());
            assert!(
                anchor.is_empty() || anchors(&prose(&leads_to)).contains(anchor),
                "{}: no heading for {target}",
                page.display()
            );
            linked += 1;
        }
    }
    assert!(linked > 50, "{linked} links");
}

#[test]
fn every_page_is_a_chapter_of_the_book() {
    let docs = root().join("docs");
    let summary = docs.join("SUMMARY.md");
    let chapters: BTreeSet<_> = links(&prose(&summary)).into_iter().collect();
    let names = pages(&docs).into_iter().filter(|page| *page != summary);
    let names = names.map(|page| {
        page.strip_prefix(&docs)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    });
    assert_eq!(chapters, names.collect());
}

#[test]
fn every_chapter_of_the_guide_with_rust_is_compiled() {
    let tested = fs::read_to_string(root().join("src/guide.rs")).unwrap();
    let guide = pages(&root().join("docs/guide"));
    let with_rust = guide.iter().filter(|page| {
        let text = fs::read_to_string(page).unwrap();
        text.contains("```rust")
    });
    let mut compiled = 0;
    for page in with_rust {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(
            tested.contains(&format!("\"{name}\"")),
            "src/guide.rs lacks {name}"
        );
        compiled += 1;
    }
    assert!(compiled > 8, "{compiled} chapters");
}

#[test]
fn anchors_are_those_of_code_hosts() {
    let anchors = anchors("# Can the training be in Python?\n## A `Choices` of 2^53, or not\ntext");
    let expected = ["can-the-training-be-in-python", "a-choices-of-253-or-not"];
    assert_eq!(anchors, expected.map(str::to_owned).into());
}
