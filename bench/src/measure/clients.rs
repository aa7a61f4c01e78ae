//! Many clients of one server: how many requests are answered per second, and how fairly the clients are served.
//!
//! ```text
//!   this process ──── orders, a line each ────► server: one process
//!        │                                        ▲ │
//!        │                                requests│ │answers
//!        │                                        │ ▼
//!        └─────────── orders, a line each ────► clients: N of them in at most 4 processes
//! ```
//!
//! Each client has one request under way, and sends the next when the answer has arrived. The server sends each request
//! back as the answer. All processes sleep while there is nothing to do (`--wait block`).
//!
//! | mechanism | the server | a client |
//! |---|---|---|
//! | message queue, System V | [`Server`](ipc_msgq::server::Server) of `ipc-msgq`: a thread for each client | a thread |
//! | socket, all three | one thread, `epoll` over the connections | a connection; `epoll` over those of its process |
//! | FIFO | one thread; one well-known FIFO for requests, one of its own for the answers to each client | as for sockets |
//!
//! The crates' links for sockets and FIFOs connect two processes, so those servers are written here, by bare calls.
//!
//! **The answers that count.** A turn has a lead-in, in which the clients get going, and then a window. An answer
//! counts if it arrives within the window, whenever its request was sent. So the figures include neither the first
//! burst nor the end, when one client after the other has nothing more to do.
//!
//! | file | contents |
//! |---|---|
//! | `many_clients.rs`, `child.rs` | the processes as the harness sees them, and its orders |
//! | `wire.rs` | orders and reports |
//! | `servers.rs`, `refusal.rs` | the variants that serve many clients; the cases that cannot be played, and why |
//! | `roles.rs`, `part.rs` | the child processes and their parts |
//! | `load_generator.rs` | clients that share a thread |
//! | `sockets.rs`, `fifo.rs`, `queue.rs` | both sides of each mechanism |

mod child;
mod fifo;
mod load_generator;
pub(super) mod many_clients;
mod part;
mod queue;
pub mod refusal;
pub(super) mod roles;
mod servers;
mod sockets;
mod wire;
