//! Interleaved rounds: A B C A B C …, so that a disturbance of the machine hits all of them alike.
//!
//! All pairs of processes are alive meanwhile, and each sleeps while it is not its turn. A turn takes some
//! milliseconds: long enough to be timed by its two ends alone, short enough that the machine is the same for all of a
//! round.

/// Lets each of `all` take its turn in one round after the other, while `again` returns true for the next round.
///
/// # Errors
/// That of the first turn that fails, which ends it for all.
pub(super) fn take_turns<T, E>(
    all: &mut [T],
    mut again: impl FnMut(usize) -> bool,
    mut turn: impl FnMut(&mut T, usize) -> Result<(), E>,
) -> Result<(), E> {
    let mut round = 0;
    while again(round) {
        all.iter_mut().try_for_each(|one| turn(one, round))?;
        round += 1;
    }
    Ok(())
}
