//! Interoperation with programs in C and in C++, and with ipcs and ipcrm.

#[allow(dead_code)] // shared with the other tests
#[path = "common/children.rs"]
mod children;
#[path = "interop/layout.rs"]
mod layout;
#[path = "../interop/msgq_v1.rs"]
mod msgq_v1;
#[path = "interop/programs.rs"]
mod programs;
#[path = "interop/tools.rs"]
mod tools;
#[path = "interop/util_linux.rs"]
mod util_linux;
