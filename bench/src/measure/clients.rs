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
//! Clients are run in one of two ways, and only figures of the same way are to be compared: as *threads*, of which each
//! sleeps by itself, as separate programs do; or *multiplexed*, so that one thread sleeps for all of a process: in `epoll`,
//! or, since a queue has no descriptor, in the call that receives the answers to one pipelined client.
//!
//! | mechanism | the server | a client |
//! |---|---|---|
//! | message queue, System V | [`Server`](ipc_msgq::server::Server) of `ipc-msgq`: a thread and two types for each client, a queue for 32; multiplexed, both for a process | [`Client`](ipc_msgq::server::Client) |
//! | socket, all three | one thread, `epoll` over the connections | a connection |
//! | FIFO | one thread; one well-known FIFO for requests | a FIFO for its answers |
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
//! | `threads.rs`, `load_generator.rs`, `pipelined.rs` | clients in a thread each, and clients that share one: with a descriptor each, or one queue |
//! | `sockets.rs`, `fifo.rs`, `queue.rs` | both sides of each mechanism |

mod child;
mod fifo;
mod load_generator;
pub(super) mod many_clients;
mod part;
mod pipelined;
mod queue;
pub mod refusal;
pub(super) mod roles;
mod servers;
mod sockets;
mod threads;
mod wire;
