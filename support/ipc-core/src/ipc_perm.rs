//! The data that all System V objects have in common.

use crate::Key;

/// `struct ipc_perm`: the ownership and permissions of a System V object.
///
/// The kernel writes the same bytes on all 64-bit machines, but C libraries differ in the names and widths of the
/// fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "ipc_perm")]
pub struct IpcPerm {
    /// `None` for a private object.
    pub key: Option<Key>,
    /// The user that owns it.
    pub owner: u32,
    /// The group that owns it.
    pub group: u32,
    /// The user that made it.
    pub creator: u32,
    /// The group of the process that made it.
    pub creator_group: u32,
    /// The permissions in the lowest nine bits, and flags of the kernel.
    pub mode: u32,
    /// The number of times that the kernel has reused this object's slot in its table.
    pub sequence: u32,
}

#[allow(clippy::useless_conversion)] // u16 on one machine, u32 on another
#[allow(clippy::unnecessary_fallible_conversions)] // u16 with one library, i32 with another
impl From<&libc::ipc_perm> for IpcPerm {
    fn from(perm: &libc::ipc_perm) -> Self {
        #[cfg(not(target_env = "musl"))]
        let key = perm.__key;
        #[cfg(target_env = "musl")]
        #[allow(deprecated)] // announced: it will be `__key` there too
        let key = perm.__ipc_perm_key;
        Self {
            key: Key::new(key),
            owner: perm.uid,
            group: perm.gid,
            creator: perm.cuid,
            creator_group: perm.cgid,
            mode: perm.mode.into(),
            sequence: perm.__seq.try_into().unwrap_or_default(), // never negative
        }
    }
}
