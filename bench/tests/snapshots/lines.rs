pub fn names() -> Vec<(&'static str, &'static str, &'static str)> {
    vec![
        named::<ipc_pipe::Pipe>("ipc_pipe::Pipe"),
        named::<ipc_fifo::Fifo>("ipc_fifo::Fifo"),
        named::<ipc_msgq::SystemV>("ipc_msgq::SystemV"),
        named::<ipc_msgq::Posix>("ipc_msgq::Posix"),
        named::<ipc_shm::Ring>("ipc_shm::Ring"),
        named::<ipc_shm::Semaphores>("ipc_shm::Semaphores"),
        named::<ipc_shm::Posix>("ipc_shm::Posix"),
        named::<ipc_mmap::File>("ipc_mmap::File"),
        named::<ipc_mmap::Memfd>("ipc_mmap::Memfd"),
        named::<ipc_socket::UnixStream>("ipc_socket::UnixStream"),
        named::<ipc_socket::UnixSeqpacket>("ipc_socket::UnixSeqpacket"),
        named::<ipc_socket::Tcp>("ipc_socket::Tcp"),
    ]
}

fn pipe_anonymous_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_pipe::{Pipe, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Pipe::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = Pipe::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn pipe_anonymous_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_pipe::{Pipe, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Pipe::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = Pipe::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn fifo_fifo_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_fifo::{Fifo, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Fifo::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = Fifo::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn fifo_fifo_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_fifo::{Fifo, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Fifo::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = Fifo::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn fifo_fifo_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_fifo::{Fifo, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Fifo::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = Fifo::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn fifo_fifo_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_fifo::{Fifo, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Fifo::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = Fifo::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn fifo_fifo_containers_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_fifo::{Fifo, prelude::*};
// One process:
let mut meeting = Fifo::create(Some("/vol/a"), &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other; `address` is the same path on the volume:
let mut link = Fifo::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn fifo_fifo_containers_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_fifo::{Fifo, prelude::*};
// One process:
let mut meeting = Fifo::create(Some("/vol/a"), &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other; `address` is the same path on the volume:
let link = Fifo::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn msgq_sysv_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_msgq::{SystemV, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = SystemV::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = SystemV::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn msgq_sysv_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_msgq::{SystemV, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = SystemV::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = SystemV::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn msgq_sysv_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_msgq::{SystemV, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = SystemV::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = SystemV::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn msgq_sysv_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_msgq::{SystemV, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = SystemV::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = SystemV::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn msgq_sysv_any_100_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
let key = ipc_msgq::Key::fresh(); // tell the clients
let queue = ipc_msgq::Queue::create(key, 0o600)?.owned();
let server = ipc_msgq::server::Server::start(*queue, |request: &[u8]| request.to_vec())?;
// Each client:
let queue = ipc_msgq::Queue::open(key)?;
let mut client = ipc_msgq::server::Client::join(queue, timeout)?;
let answer = client.request(b"hello")?;
Ok(())
}

fn msgq_sysv_any_1_block_processes(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
let key = ipc_msgq::Key::new(0x6d7367).expect("not IPC_PRIVATE"); // or `Key::ftok`
let queue = ipc_msgq::Queue::open_or_create(key, 0o600)?;
let kind = ipc_msgq::MessageType::ONE;
queue.send(&ipc_msgq::Message::new(kind, b"hello"))?;
// Later, and in any process:
let queue = ipc_msgq::Queue::open(key)?;
let mut message = ipc_msgq::Message::with_capacity(64);
queue.recv(kind, &mut message)?;
Ok(())
}

const _: fn(ipc_msgq::server::Server) = drop;

fn msgq_posix_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_msgq::{Posix, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Posix::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = Posix::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn msgq_posix_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_msgq::{Posix, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Posix::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = Posix::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn msgq_posix_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_msgq::{Posix, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Posix::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = Posix::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn msgq_posix_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_msgq::{Posix, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Posix::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = Posix::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_ring_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Ring, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Ring::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = Ring::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_ring_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Ring, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Ring::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = Ring::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_ring_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Ring, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Ring::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = Ring::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_ring_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Ring, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Ring::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = Ring::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_sem_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Semaphores, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Semaphores::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = Semaphores::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_sem_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Semaphores, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Semaphores::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = Semaphores::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_sem_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Semaphores, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Semaphores::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = Semaphores::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_sem_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Semaphores, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Semaphores::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = Semaphores::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_posix_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Posix, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Posix::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = Posix::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_posix_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Posix, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Posix::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = Posix::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_posix_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Posix, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Posix::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = Posix::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn shm_posix_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_shm::{Posix, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Posix::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = Posix::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_file_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{File, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = File::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = File::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_file_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{File, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = File::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = File::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_file_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{File, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = File::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = File::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_file_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{File, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = File::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = File::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_file_containers_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{File, prelude::*};
// One process:
let mut meeting = File::create(Some("/vol/a"), &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other; `address` is the same path on the volume:
let mut link = File::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_file_containers_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{File, prelude::*};
// One process:
let mut meeting = File::create(Some("/vol/a"), &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other; `address` is the same path on the volume:
let link = File::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_memfd_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{Memfd, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Memfd::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = Memfd::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_memfd_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{Memfd, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Memfd::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = Memfd::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_memfd_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{Memfd, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Memfd::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = Memfd::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn mmap_memfd_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_mmap::{Memfd, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Memfd::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = Memfd::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_stream_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixStream, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = UnixStream::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = UnixStream::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_stream_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixStream, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = UnixStream::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = UnixStream::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_stream_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixStream, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = UnixStream::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = UnixStream::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_stream_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixStream, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = UnixStream::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = UnixStream::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_stream_containers_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixStream, prelude::*};
// One process:
let mut meeting = UnixStream::create(Some("/vol/a"), &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other; `address` is the same path on the volume:
let mut link = UnixStream::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_stream_containers_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixStream, prelude::*};
// One process:
let mut meeting = UnixStream::create(Some("/vol/a"), &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other; `address` is the same path on the volume:
let link = UnixStream::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_seqpacket_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixSeqpacket, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = UnixSeqpacket::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = UnixSeqpacket::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_seqpacket_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixSeqpacket, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = UnixSeqpacket::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = UnixSeqpacket::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_seqpacket_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixSeqpacket, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = UnixSeqpacket::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = UnixSeqpacket::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_seqpacket_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixSeqpacket, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = UnixSeqpacket::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = UnixSeqpacket::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_seqpacket_containers_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixSeqpacket, prelude::*};
// One process:
let mut meeting = UnixSeqpacket::create(Some("/vol/a"), &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other; `address` is the same path on the volume:
let mut link = UnixSeqpacket::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_unix_seqpacket_containers_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{UnixSeqpacket, prelude::*};
// One process:
let mut meeting = UnixSeqpacket::create(Some("/vol/a"), &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other; `address` is the same path on the volume:
let link = UnixSeqpacket::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_tcp_any_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{Tcp, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Tcp::create(None, &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other:
let mut link = Tcp::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_tcp_any_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{Tcp, prelude::*};
// One process, which tells the other its `meeting.address()`:
let mut meeting = Tcp::create(None, &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other:
let link = Tcp::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_tcp_parent_child_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{Tcp, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Tcp::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = meeting.accept(timeout)?;
// The child:
let mut link = Tcp::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_tcp_parent_child_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{Tcp, prelude::*};
// The parent; the Command `child` gets the address as its last argument:
let mut meeting = Tcp::create(None, &Setup::default())?;
meeting.invite(&mut child)?; // then spawn it
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The child:
let link = Tcp::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_tcp_containers_1_block_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{Tcp, prelude::*};
// One process:
let mut meeting = Tcp::create(Some("0.0.0.0:7000"), &Setup::default())?;
let mut link = meeting.accept(timeout)?;
// The other; `address` is that host's name and port, HOST:7000:
let mut link = Tcp::join(&address, &Setup::default(), timeout)?;
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}

fn socket_tcp_containers_1_hybrid_no(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {
use ipc_socket::{Tcp, prelude::*};
// One process:
let mut meeting = Tcp::create(Some("0.0.0.0:7000"), &Setup::default())?;
let mut link = Waiting::new(meeting.accept(timeout)?, Wait::Hybrid);
// The other; `address` is that host's name and port, HOST:7000:
let link = Tcp::join(&address, &Setup::default(), timeout)?;
let mut link = Waiting::new(link, Wait::Hybrid);
// Both: `link.send(b"hello")?` and `link.recv(&mut buffer)?`
Ok(())
}
