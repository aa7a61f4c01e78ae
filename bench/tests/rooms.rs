//! The rooms of the sources: imports run downwards, modules form no circle, and generic code names no mechanism. Here
//! for the harness, whose rooms these are, and, as far as they apply, for the other crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ipc_bench::results::registry;
use regex::Regex;

/// Each room, and the rooms from which it may import.
const ROOMS: [(&str, &[&str]); 5] = [
    ("results", &[]),
    ("measure", &["results"]),
    ("present", &["results"]),
    ("doctor", &["measure", "results"]),
    ("cli", &["doctor", "measure", "present", "results"]),
];

/// The path of a module below its crate, like `measure::pair`.
type Module = Vec<String>;

/// The modules that each module names.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// Returns all sources below `dir` but unit tests.
fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("it can be read").path()) {
        if entry.is_dir() {
            files.extend(sources(&entry));
        } else if entry.extension().is_some_and(|end| end == "rs") && !entry.ends_with("tests.rs") {
            files.push(entry);
        }
    }
    files
}

/// Returns the code of a file, without comments and without its unit tests, which may use anything.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("it can be read");
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let text = text.split("#[cfg(test)]\n#[allow").next().unwrap_or_default();
    read(text).0
}

/// Returns the text without its comments, and the literals in it. A quotation mark in a comment begins no literal, and
/// an address in a literal no comment.
fn read(text: &str) -> (String, Vec<&str>) {
    let (mut code, mut literals, mut rest) = (String::new(), Vec::new(), text);
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (before, from) = rest.split_at(at);
        code += before;
        let is_comment = from.starts_with("//");
        let len = if is_comment {
            from.find('\n').unwrap_or(from.len())
        } else if from.starts_with('"') {
            let len = literal(from);
            literals.push(from[..len].trim_matches('"'));
            len
        } else if from.starts_with("'\"'") {
            "'\"'".len()
        } else {
            1
        };
        code += if is_comment { "" } else { &from[..len] };
        rest = &from[len..];
    }
    (code + rest, literals)
}

/// Returns the length of the literal with which the text begins, with its quotation marks.
fn literal(text: &str) -> usize {
    let mut escaped = true; // as the first mark does not end it
    let end = text.find(|letter: char| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 1)
}

fn module_of(file: &Path, root: &Path) -> Module {
    let path = file.strip_prefix(root).expect("below the root").with_extension("");
    let mut module: Module = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| matches!(last.as_str(), "lib" | "main" | "mod")) {
        module.pop();
    }
    module
}

/// Returns the paths of a tree of imports: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn flattened(tree: &str, before: &[&str]) -> Vec<Module> {
    let tree = tree.trim();
    let Some((start, branches)) = tree.split_once('{') else {
        let tree = tree.split(" as ").next().unwrap_or_default();
        let path = before.iter().copied().chain(tree.split("::").map(str::trim));
        return vec![path.filter(|part| !part.is_empty()).map(str::to_owned).collect()];
    };
    let start: Vec<&str> =
        before.iter().copied().chain(start.split("::").filter(|part| !part.is_empty())).collect();
    let branches = branches.trim_end().strip_suffix('}').expect("a closed brace");
    let (mut depth, mut from, mut paths) = (0, 0, Vec::new());
    for (at, letter) in branches.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                paths.extend(flattened(&branches[from..at], &start));
                from = at + 1;
            }
            _ => {}
        }
    }
    if !branches[from..].trim().is_empty() {
        paths.extend(flattened(&branches[from..], &start));
    }
    paths
}

/// Returns the modules that each module below `root` names; `name` is the crate's own.
fn imports(root: &Path, name: &str) -> Imports {
    let uses = Regex::new(r"(?m)^\s*(?:pub(?:\([a-z: ]+\))?\s+)?use\s+([^;]+);").expect("valid");
    let paths = Regex::new(r"\b[a-z_]\w*(?:::\w+)+").expect("valid");
    let files = sources(root);
    let modules: BTreeSet<Module> = files.iter().map(|file| module_of(file, root)).collect();
    let exported = exported(root);
    let named = |file: &PathBuf| {
        let (module, code) = (module_of(file, root), code(file));
        let trees = uses.captures_iter(&code).flat_map(|tree| flattened(&tree[1], &[]));
        let rest = uses.replace_all(&code, "");
        let inline =
            paths.find_iter(&rest).map(|path| path.as_str().split("::").map(str::to_owned).collect());
        let named = trees.chain(inline).filter_map(|path: Module| {
            let mut path = absolute(&path, &module, name, &modules)?;
            if let Some(home) = path.first().and_then(|item| exported.get(item)) {
                path.clone_from(home); // named at the top of the crate, but at home elsewhere
            }
            while !modules.contains(&path) {
                path.pop()?; // an item, or an item of an item
            }
            (!path.is_empty() && path != module).then_some(path)
        });
        let named: BTreeSet<Module> = named.collect();
        (module, named)
    };
    files.iter().map(named).filter(|(module, _)| !module.is_empty()).collect()
}

/// Returns the items that `lib.rs` exports from its modules, each with its module.
fn exported(root: &Path) -> BTreeMap<String, Module> {
    let exports = Regex::new(r"(?m)^pub use\s+([^;]+);").expect("valid");
    let code = code(&root.join("lib.rs"));
    let trees = exports.captures_iter(&code).flat_map(|tree| flattened(&tree[1], &[]));
    trees.filter_map(|mut path| Some((path.pop()?, path))).filter(|(_, module)| !module.is_empty()).collect()
}

/// Returns a path from the root of the crate; `None` if it leads into another crate.
fn absolute(path: &[String], module: &Module, name: &str, modules: &BTreeSet<Module>) -> Option<Module> {
    let first = path.first()?;
    if first == "crate" || first == name {
        return Some(path[1..].to_vec());
    }
    let child = [&module[..], &path[..1]].concat();
    let ups = path.iter().take_while(|part| *part == "super").count();
    if first == "self" {
        return Some([&module[..], &path[1..]].concat());
    }
    if ups > 0 {
        return Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat());
    }
    modules.contains(&child).then(|| [&module[..], path].concat())
}

/// Returns the modules from which an import leads back to themselves.
fn circles(imports: &Imports) -> Vec<String> {
    imports
        .keys()
        .filter(|module| reached(imports, module).contains(module))
        .map(|module| module.join("::"))
        .collect()
}

/// Returns all modules to which imports lead, from one to the next.
fn reached<'a>(imports: &'a Imports, from: &'a Module) -> BTreeSet<&'a Module> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        next.extend(imports.get(module).into_iter().flatten().filter(|to| seen.insert(*to)));
    }
    seen
}

/// Returns the imports that do not lead to a room below.
fn upward(imports: &Imports) -> Vec<String> {
    let below = |from: &str, to: &str| {
        from == to || ROOMS.iter().any(|(room, below)| *room == from && below.contains(&to))
    };
    let all = imports.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)));
    let upward = all.filter(|(from, to)| !below(&from[0], &to[0]));
    upward.map(|(from, to)| format!("{} imports {}", from.join("::"), to.join("::"))).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns the sources of another crate, which is in that folder of the repository.
fn root_of(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join("src")
}

/// The crates that know no mechanism.
const SHARED: [&str; 3] = ["support/ipc-core", "support/ipc-demo", "support/ipc-conformance"];

/// The crates of the six.
const SIX: [&str; 6] = ["ipc-pipe", "ipc-fifo", "ipc-msgq", "ipc-shm", "ipc-mmap", "ipc-socket"];

/// Returns the imports between the modules at the top of a crate: a module and the files in its folder are one.
fn at_the_top(imports: &Imports) -> Imports {
    let mut top = Imports::new();
    for (from, all) in imports {
        let others = all.iter().filter(|to| to[0] != from[0]).map(|to| to[..1].to_vec());
        top.entry(from[..1].to_vec()).or_default().extend(others);
    }
    top
}

#[test]
fn the_other_crates_have_no_circle_at_their_top() {
    let mut found = Vec::new();
    for folder in SHARED.into_iter().chain(SIX) {
        let name = folder.rsplit('/').next().expect("a name").replace('-', "_");
        let imports = at_the_top(&imports(&root_of(folder), &name));
        let circles = circles(&imports);
        found.extend(circles.into_iter().map(|module| format!("{folder}: {module}")));
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn imports_run_downwards_and_in_no_circle() {
    let imports = imports(&root(), "ipc_bench");
    assert!(imports.len() > 100, "all modules are read: {}", imports.len());
    assert_eq!(upward(&imports), [""; 0]);
    assert_eq!(circles(&imports), [""; 0]);
}

/// The two checks notice what they are for.
#[test]
fn an_upward_import_and_a_circle_are_noticed() {
    let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    let of = |all: &[(&str, &str)]| -> Imports {
        let mut imports = Imports::new();
        for (from, to) in all {
            imports.entry(module(from)).or_default().insert(module(to));
        }
        imports
    };
    assert_eq!(upward(&of(&[("results::row", "measure::pair")])), ["results::row imports measure::pair"]);
    assert_eq!(upward(&of(&[("present::table", "measure::run")])).len(), 1, "it reads results alone");
    let allowed =
        [("cli::run", "present::table"), ("doctor::now", "measure::pair"), ("measure::a", "measure::b")];
    assert_eq!(upward(&of(&allowed)), [""; 0]);
    let circle =
        [("measure::a", "measure::b"), ("measure::b", "measure::a::c"), ("measure::a::c", "measure::a")];
    assert_eq!(circles(&of(&circle)), ["measure::a", "measure::a::c", "measure::b"]);
    assert_eq!(circles(&of(&circle[..2])), [""; 0]);
}

#[test]
fn literals_and_comments_are_told_apart() {
    let text = r#"a("http://x", '"', "\\\"//", b / c); // "no" // more
        "last"#;
    let code = r#"a("http://x", '"', "\\\"//", b / c); 
        "last"#;
    assert_eq!(read(text), (code.to_owned(), vec!["http://x", r#"\\\"//"#, "last"]));
}

#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let all = flattened("crate::a::{self, b::{C, d}, e as f}", &[]);
    let all: Vec<_> = all.into_iter().map(|path| path.join("::")).collect();
    assert_eq!(all, ["crate::a::self", "crate::a::b::C", "crate::a::b::d", "crate::a::e"]);
    let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    let modules = BTreeSet::from([module("a"), module("a::b"), module("a::c")]);
    let absolute =
        |path: &str| absolute(&module(path), &module("a::b"), "ours", &modules).map(|path| path.join("::"));
    assert_eq!(absolute("super::c::d").as_deref(), Some("a::c::d"));
    assert_eq!(absolute("ours::a::c").as_deref(), Some("a::c"));
    assert_eq!(absolute("std::fs"), None);
}

/// What differs between mechanisms is registered by type: no code chooses by a name.
#[test]
fn generic_code_names_no_mechanism() {
    // Words of the command line, and of the kernel, that happen to be names too.
    const OTHERS: [(&str, &str); 7] = [
        ("profile.rs", "file"),                   // a medium of the course's table
        ("profile.rs", "socket"),                 // the same
        ("remains.rs", "shm"),                    // /proc/sysvipc/shm
        ("remains.rs", "sem"),                    // /proc/sysvipc/sem
        ("present/choose/purpose.rs", "shm"),     // the file system under /dev/shm
        ("doctor/clean/unknown.rs", "shm"),       // /proc/sysvipc/shm
        ("results/environment/cpu.rs", "socket"), // of a processor
    ];
    let names: BTreeSet<&str> =
        registry::all().flat_map(|(member, variant)| [member.profile.name, variant.name]).collect();
    // The names of system calls, in errors and in the documentation.
    let calls = Regex::new("(call\\(|alias = )\"[a-z_0-9]+\"").expect("valid");
    let mut found = Vec::new();
    let roots = SHARED.into_iter().map(root_of).chain([root()]);
    for (root, file) in
        roots.flat_map(|root| sources(&root).into_iter().map(move |file| (root.clone(), file)))
    {
        let (name, code) =
            (file.strip_prefix(root).expect("below").to_string_lossy().into_owned(), code(&file));
        let code = calls.replace_all(&code, "");
        let words = read(&code).1.into_iter().filter(|word| names.contains(word));
        let words = words.filter(|word| !OTHERS.contains(&(name.as_str(), word)));
        found.extend(words.map(|word| format!("{name}: {word}")));
    }
    assert_eq!(found, [""; 0]);
}
