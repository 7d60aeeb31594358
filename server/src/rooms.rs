//! The rooms of `/broadcast/{room}`. A room keeps its last messages once for all members, each of which has a place among
//! them; a member whose place is no longer there was too slow. Nobody waits for anybody.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;

use crate::budget::{Budget, Charge, Overdrawn};

/// The most rooms at once.
const MOST_ROOMS: usize = 1000;
/// The most members of a room.
const MOST_MEMBERS: usize = 10_000;
/// What a message takes beside its payload, in bytes.
const MESSAGE: usize = 256;
/// How many messages a member takes at once.
const BATCH: usize = 64;

/// All rooms that have a member, by name.
#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: Mutex<HashMap<String, Arc<Room>>>,
    /// Most bytes that a room keeps beside its last message.
    limit: usize,
    /// Counts what all rooms keep.
    budget: Arc<Budget>,
}

#[derive(Debug)]
struct Room {
    kept: Mutex<Kept>,
    changed: Notify,
}

/// Messages are counted from 0.
#[derive(Debug, Default)]
struct Kept {
    messages: VecDeque<Message>,
    /// The number of the first of them.
    first: u64,
    bytes: usize,
    charge: Charge,
    members: usize,
}

/// A connection in a room; it leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct Member {
    rooms: Arc<Rooms>,
    room: Arc<Room>,
    name: String,
    /// The number of the next message.
    next: u64,
}

/// There is no room, or no place in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    #[error("there are {MOST_ROOMS} rooms already")]
    Rooms,
    #[error("the room has {MOST_MEMBERS} members already")]
    Members,
}

/// The member was too slow: messages are gone that it has not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooSlow;

impl Rooms {
    pub(crate) fn new(limit: usize, budget: &Arc<Budget>) -> Self {
        Self { rooms: Mutex::default(), limit, budget: Arc::clone(budget) }
    }

    /// Enters a room, which is made if nobody is there.
    pub(crate) fn join(self: &Arc<Self>, name: &str) -> Result<Member, Full> {
        let mut rooms = self.rooms();
        let count = rooms.len();
        let room = match rooms.entry(name.to_owned()) {
            Entry::Occupied(room) => Arc::clone(room.get()),
            Entry::Vacant(_) if count >= MOST_ROOMS => return Err(Full::Rooms),
            Entry::Vacant(place) => {
                let kept = Kept { charge: Charge::new(&self.budget, None), ..Kept::default() };
                Arc::clone(place.insert(Arc::new(Room { kept: Mutex::new(kept), changed: Notify::new() })))
            }
        };
        let next = {
            let mut kept = room.kept();
            if kept.members >= MOST_MEMBERS {
                return Err(Full::Members);
            }
            kept.members += 1;
            kept.first + kept.messages.len() as u64
        };
        Ok(Member { rooms: Arc::clone(self), room, name: name.to_owned(), next })
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<String, Arc<Room>>> {
        // Nothing panics while it holds the lock.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    /// Gives a message to everyone in the room, this member too.
    ///
    /// # Errors
    /// There is no memory to keep it until all have taken it, so nobody gets it.
    pub(crate) fn publish(&self, message: Message) -> Result<(), Overdrawn> {
        let mut kept = self.room.kept();
        let size = MESSAGE + message.len();
        let held = (kept.bytes + size) as u64;
        if let Err(overdrawn) = kept.charge.set(held) {
            // Less than that: there is room for it.
            let _ = kept.charge.set(held - size as u64);
            return Err(overdrawn);
        }
        kept.bytes += size;
        kept.messages.push_back(message);
        while kept.messages.len() > 1
            && kept.bytes > self.rooms.limit
            && let Some(oldest) = kept.messages.pop_front()
        {
            kept.bytes -= MESSAGE + oldest.len();
            kept.first += 1;
        }
        let bytes = kept.bytes as u64;
        // No more than before.
        let _ = kept.charge.set(bytes);
        drop(kept);
        self.room.changed.notify_waiters();
        Ok(())
    }

    /// The next messages, if there are any.
    pub(crate) fn try_recv(&mut self) -> Result<Vec<Message>, TooSlow> {
        let kept = self.room.kept();
        let skipped = self.next.checked_sub(kept.first).ok_or(TooSlow)?;
        let messages: Vec<_> = kept.messages.iter().skip(skipped as usize).take(BATCH).cloned().collect();
        self.next += messages.len() as u64;
        Ok(messages)
    }

    /// Waits until there are messages. What it completes with is not lost when it is dropped before.
    pub(crate) async fn recv(&mut self) -> Result<Vec<Message>, TooSlow> {
        let room = Arc::clone(&self.room);
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let mut changed = pin!(room.changed.notified());
            changed.as_mut().enable();
            let messages = self.try_recv()?;
            if !messages.is_empty() {
                return Ok(messages);
            }
            changed.await;
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut rooms = self.rooms.rooms();
        let mut kept = self.room.kept();
        kept.members -= 1;
        if kept.members == 0 {
            rooms.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn rooms(limit: usize) -> Arc<Rooms> {
        Arc::new(Rooms::new(limit, &Arc::new(Budget::new(1 << 30))))
    }

    #[test]
    fn a_message_goes_to_everyone_in_the_room_and_to_nobody_else() {
        let rooms = rooms(1 << 20);
        let [mut one, mut two] = [rooms.join("a").unwrap(), rooms.join("a").unwrap()];
        let mut elsewhere = rooms.join("b").unwrap();
        one.publish("first".into()).unwrap();
        let mut late = rooms.join("a").unwrap();
        two.publish("second".into()).unwrap();
        for member in [&mut one, &mut two] {
            assert_eq!(member.try_recv(), Ok(vec!["first".into(), "second".into()]));
            assert_eq!(member.try_recv(), Ok(vec![]));
        }
        assert_eq!(late.try_recv(), Ok(vec!["second".into()]));
        assert_eq!(elsewhere.try_recv(), Ok(vec![]));
    }

    #[test]
    fn a_member_that_is_too_slow_is_told_so_and_slows_nobody() {
        let rooms = rooms(10 * MESSAGE);
        let [mut fast, mut slow] = [rooms.join("a").unwrap(), rooms.join("a").unwrap()];
        for number in 0..100 {
            fast.publish(Message::binary(vec![number; 10])).unwrap();
            assert_eq!(fast.try_recv(), Ok(vec![Message::binary(vec![number; 10])]));
        }
        assert_eq!(slow.try_recv(), Err(TooSlow));
        assert!(fast.room.kept().bytes <= 10 * MESSAGE);
    }

    #[test]
    fn a_message_larger_than_the_limit_reaches_everyone() {
        let rooms = rooms(1000);
        let mut member = rooms.join("a").unwrap();
        member.publish(Message::binary(vec![7; 100_000])).unwrap();
        assert_eq!(member.try_recv(), Ok(vec![Message::binary(vec![7; 100_000])]));
    }

    #[test]
    fn what_rooms_keep_is_counted_and_nobody_gets_a_message_for_which_there_is_no_memory() {
        let budget = Arc::new(Budget::new(1000));
        let rooms = Arc::new(Rooms::new(1 << 20, &budget));
        let [mut one, two] = [rooms.join("a").unwrap(), rooms.join("b").unwrap()];
        one.publish(Message::binary(vec![7; 500 - MESSAGE])).unwrap();
        assert_eq!(budget.taken(), 500);
        assert_eq!(two.publish(Message::binary(vec![7; 501 - MESSAGE])), Err(Overdrawn::Server));
        assert_eq!(one.publish(Message::binary(vec![7; 501 - MESSAGE])), Err(Overdrawn::Server));
        assert_eq!((budget.taken(), one.try_recv().unwrap().len()), (500, 1));
        drop(one);
        assert_eq!(budget.taken(), 0, "a room that nobody is in keeps nothing");
    }

    #[test]
    fn who_waits_is_woken() {
        let rooms = rooms(1000);
        let [mut one, two] = [rooms.join("a").unwrap(), rooms.join("a").unwrap()];
        assert_eq!(one.recv().now_or_never(), None);
        two.publish("x".into()).unwrap();
        assert_eq!(one.recv().now_or_never(), Some(Ok(vec!["x".into()])));
    }

    #[test]
    fn rooms_and_members_are_bounded_and_an_empty_room_is_gone() {
        let rooms = rooms(1000);
        let members: Vec<_> = (0..MOST_ROOMS).map(|number| rooms.join(&number.to_string()).unwrap()).collect();
        assert_eq!(rooms.join("one more").unwrap_err(), Full::Rooms);
        drop(members);
        assert!(rooms.rooms().is_empty());
        let members: Vec<_> = (0..MOST_MEMBERS).map(|_| rooms.join("a").unwrap()).collect();
        assert_eq!(rooms.join("a").unwrap_err(), Full::Members);
        drop(members);
        assert!(rooms.rooms().is_empty());
    }
}
