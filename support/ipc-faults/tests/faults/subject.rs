//! The subjects: the twelve variants of the six mechanisms.

use std::process::ExitCode;

use ipc_core::{Mechanism, Result, Setup, Variants, Visitor};

/// One variant of a mechanism.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    pub mechanism: &'static str,
    pub variant: &'static str,
    /// The term for its address, as in the demo's help; `None` where only a child can join.
    pub address: Option<&'static str>,
    /// The demo's `main`.
    demo: fn() -> ExitCode,
    /// Makes a meeting point and drops it, which removes the remains of dead processes.
    create: fn() -> Result<()>,
}

impl Subject {
    /// Returns all of them, in the order of the course.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        all.extend(of::<ipc_pipe::Variants>());
        all.extend(of::<ipc_fifo::Variants>());
        all.extend(of::<ipc_msgq::Variants>());
        all.extend(of::<ipc_shm::Variants>());
        all.extend(of::<ipc_mmap::Variants>());
        all.extend(of::<ipc_socket::Variants>());
        all
    }

    /// Returns its name in the matrix and in the names of tests: the mechanism, and the variant where there are
    /// several.
    pub fn name(&self) -> String {
        let Self { mechanism, variant, .. } = self;
        let only = Self::all().iter().filter(|other| other.mechanism == *mechanism).count() == 1;
        if only { (*mechanism).to_owned() } else { format!("{mechanism}-{variant}") }
    }

    /// Returns the subject with that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|subject| subject.name() == name)
    }

    /// Plays the demo of `mechanism` in this process.
    pub fn play(mechanism: &str) -> Option<ExitCode> {
        Self::all().iter().find(|subject| subject.mechanism == mechanism).map(|subject| (subject.demo)())
    }

    pub fn next_create(&self) -> Result<()> {
        (self.create)()
    }
}

/// Returns the variants of one mechanism.
fn of<V: Variants>() -> Vec<Subject> {
    let mut subjects = Subjects { demo: ipc_demo::main::<V>, subjects: Vec::new() };
    V::visit(&mut subjects);
    subjects.subjects
}

struct Subjects {
    demo: fn() -> ExitCode,
    subjects: Vec<Subject>,
}

impl Visitor for Subjects {
    fn variant<M: Mechanism + 'static>(&mut self) {
        self.subjects.push(Subject {
            mechanism: M::PROFILE.name,
            variant: M::VARIANT.name,
            address: M::PROFILE.address,
            demo: self.demo,
            create: || M::create(None, &Setup::default()).map(drop),
        });
    }
}
