//! The header and the Rust struct agree.

use std::fmt::Write as _;
use std::mem::{offset_of, size_of};
use std::process::Command;

use crate::msgq_v1::{File, PROJECT};
use crate::tools::{Place, said};

// ANCHOR: agree
/// Every field has the same name, the same offset and the same size in both.
#[test]
fn the_header_and_the_struct_agree() {
    let place = Place::new();
    let Some(program) = place.compile("layout.c") else { return };
    let mut ours = String::new();
    // Naming every field: one more in Rust does not compile here, one more in C is missing from `file`'s size.
    let File { version, sequence, size, name } = File::announced(1);
    for (field, offset, size) in [
        ("version", offset_of!(File, version), size_of_val(&version)),
        ("sequence", offset_of!(File, sequence), size_of_val(&sequence)),
        ("size", offset_of!(File, size), size_of_val(&size)),
        ("name", offset_of!(File, name), size_of_val(&name)),
        ("file", size_of::<std::ffi::c_long>(), size_of::<File>()),
    ] {
        writeln!(ours, "{field} {offset} {size}").unwrap();
    }
    writeln!(ours, "project {} types 1 2", PROJECT.get()).unwrap();
    assert_eq!(said(&mut Command::new(program)), ours);
}
// ANCHOR_END: agree
