//! The messages of one socket that the page has not taken yet. They go to the page in batches, and the next batch only
//! when the page is done with the one before: however far it is behind, it handles a click after one batch at most.
//!
//! A browser's WebSocket has no back-pressure, so what waits is bounded, for each socket and for all together. Messages
//! beyond the limits are counted and dropped.

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;

use crate::protocol::{Data, Event, SocketKey, SocketReport, encode};

/// Bytes of one socket that wait for the page at most, unless a single message is larger.
pub const LIMIT: usize = 64 << 20;
/// Bytes of all sockets that wait for the page at most, beside [`RESERVED`] and single messages.
pub const TOTAL_LIMIT: usize = 128 << 20;
/// Bytes of one socket for which there is room even if others have used up [`TOTAL_LIMIT`].
pub const RESERVED: usize = 1 << 20;
/// Bytes of a batch at most, unless a single message is larger.
pub const BATCH: usize = 256 << 10;
/// Bytes of a message that the page gets. A browser inflates 200 KB to 200 MB, and an object of that size would fill the
/// page's memory several times over.
pub const MAX_KEPT: usize = 16 << 20;
/// What an encoded message takes beside its payload at most: two enums, a key, a time, an enum, a length.
const MAX_OVERHEAD: usize = 1 + 5 + 1 + 8 + 1 + 5;

/// Bytes that wait for the page in all inboxes of a worker.
#[derive(Debug, Clone, Default)]
pub struct Total(Rc<Cell<usize>>);

/// What waits for the page, oldest first.
#[derive(Debug)]
pub struct Inbox {
    socket: SocketKey,
    /// Messages are added to the last one.
    batches: VecDeque<Batch>,
    /// Bytes in them; also counted in `total`.
    waiting: usize,
    total: Total,
    /// The memory of the last batch, for the next one.
    spare: Vec<u8>,
    receiver: Receiver,
}

/// The state of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Receiver {
    /// It is ready for the next one.
    Ready,
    /// It handles that one.
    Busy,
}

/// Encoded events for one post.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    messages: u32,
    /// Messages received after those in here and dropped: count and bytes.
    dropped: (u64, u64),
    /// Dropped when the batch has been posted.
    guards: Vec<Rc<dyn Any>>,
}

impl Inbox {
    /// Nothing waits, and the page is ready.
    pub fn new(socket: SocketKey, total: Total) -> Self {
        Self { socket, batches: VecDeque::new(), waiting: 0, total, spare: Vec::new(), receiver: Receiver::Ready }
    }

    /// Adds a message received at that time, or counts it as dropped if there is no room.
    pub fn add(&mut self, at: f64, data: Data<'_>) {
        self.add_cut(at, data, 0);
    }

    /// As [`Self::add`], for a message of which so many bytes are left out.
    pub fn add_cut(&mut self, at: f64, data: Data<'_>, cut: u64) {
        let room = MAX_OVERHEAD + data.size();
        if self.is_full(room) {
            // Something waits, so there is a batch.
            if let Some(Batch { dropped, .. }) = self.batches.back_mut() {
                *dropped = (dropped.0 + 1, dropped.1 + data.size() as u64 + cut);
            }
            return;
        }
        let socket = self.socket;
        let batch = self.batch_with(room);
        let before = batch.bytes.len();
        if cut > 0 {
            encode(&Event::Socket(socket, SocketReport::Cut(cut)), &mut batch.bytes);
        }
        encode(&Event::Socket(socket, SocketReport::Message { at, data }), &mut batch.bytes);
        batch.messages += 1;
        let added = batch.bytes.len() - before;
        self.count(added);
    }

    /// Whether there is no room for `room` bytes more.
    fn is_full(&self, room: usize) -> bool {
        let (waiting, total) = (self.waiting + room, self.total.0.get() + room);
        self.waiting > 0 && (waiting > LIMIT || total > TOTAL_LIMIT && waiting > RESERVED)
    }

    fn count(&mut self, added: usize) {
        self.waiting += added;
        self.total.0.update(|total| total + added);
    }

    fn uncount(&mut self, removed: usize) {
        self.waiting -= removed;
        self.total.0.update(|total| total - removed);
    }

    /// The batch to post now, if something waits and the page is ready.
    pub fn next_batch(&mut self) -> Option<Batch> {
        if self.receiver == Receiver::Busy {
            return None;
        }
        let batch = self.take()?;
        self.receiver = Receiver::Busy;
        Some(batch)
    }

    /// The page is done with the last batch.
    pub fn resume(&mut self) {
        self.receiver = Receiver::Ready;
    }

    /// Adds the event that follows all messages.
    pub fn end(&mut self, last: SocketReport<'_>) {
        let mut encoded = Vec::new();
        encode(&Event::Socket(self.socket, last), &mut encoded);
        self.count(encoded.len());
        self.batch_with(encoded.len()).bytes.extend(encoded);
    }

    /// Holds a guard until what waits now has been posted; not at all if nothing waits.
    pub fn hold(&mut self, guard: &Rc<dyn Any>) {
        if let Some(batch) = self.batches.back_mut() {
            batch.guards.push(Rc::clone(guard));
        }
    }

    /// Reuses the memory of a posted batch.
    pub fn recycle(&mut self, batch: Batch) {
        if batch.bytes.capacity() <= BATCH {
            self.spare = batch.bytes;
        }
    }

    fn take(&mut self) -> Option<Batch> {
        let mut batch = self.batches.pop_front()?;
        self.uncount(batch.bytes.len());
        let (messages, bytes) = batch.dropped;
        if messages > 0 {
            encode(&Event::Socket(self.socket, SocketReport::Missed { messages, bytes }), &mut batch.bytes);
        }
        encode(&Event::Socket(self.socket, SocketReport::BatchEnd), &mut batch.bytes);
        Some(batch)
    }

    /// The batch for a message of `room` bytes. A batch with dropped messages gets no more, so that their report is in order.
    fn batch_with(&mut self, room: usize) -> &mut Batch {
        let fits = |batch: &Batch| batch.dropped.0 == 0 && batch.bytes.len() + room <= BATCH;
        if !self.batches.back().is_some_and(fits) {
            let mut bytes = mem::take(&mut self.spare);
            bytes.clear();
            self.batches.push_back(Batch { bytes, ..Batch::default() });
        }
        let last = self.batches.len() - 1;
        &mut self.batches[last]
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.uncount(self.waiting);
    }
}

impl Batch {
    /// To be posted as it is.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether more than one message was received before the page was ready: then it pays to wait for more. A single
    /// message is never held back.
    pub fn is_flood(&self) -> bool {
        self.messages > 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::decode;

    const SOCKET: SocketKey = SocketKey(7);

    fn events(batch: &Batch) -> Vec<SocketReport<'_>> {
        let of_socket = |event| match event {
            Ok(Event::Socket(SOCKET, event)) => event,
            other => panic!("{other:?} is not of this socket"),
        };
        decode(batch.bytes()).map(of_socket).collect()
    }

    fn rest(inbox: &mut Inbox) -> Vec<Batch> {
        let next = || {
            inbox.resume();
            inbox.next_batch()
        };
        std::iter::from_fn(next).collect()
    }

    fn sizes(batch: &Batch) -> Vec<usize> {
        let size = |event| if let SocketReport::Message { data, .. } = event { Some(data.size()) } else { None };
        events(batch).into_iter().filter_map(size).collect()
    }

    #[test]
    fn a_single_message_goes_out_at_once() {
        let mut inbox = Inbox::new(SOCKET, Total::default());
        inbox.add(5.5, Data::Text("hello"));
        let batch = inbox.next_batch().unwrap();
        assert_eq!(
            events(&batch),
            [SocketReport::Message { at: 5.5, data: Data::Text("hello") }, SocketReport::BatchEnd]
        );
        assert!(!batch.is_flood());
        assert!(inbox.next_batch().is_none());
    }

    #[test]
    fn what_is_left_out_of_a_message_is_said_before_it() {
        let mut inbox = Inbox::new(SOCKET, Total::default());
        inbox.add_cut(5.5, Data::Text("begin"), 70);
        let message = SocketReport::Message { at: 5.5, data: Data::Text("begin") };
        assert_eq!(events(&inbox.next_batch().unwrap()), [SocketReport::Cut(70), message, SocketReport::BatchEnd]);
    }

    #[test]
    fn one_batch_is_out_at_a_time() {
        let mut inbox = Inbox::new(SOCKET, Total::default());
        inbox.add(0.0, Data::Text("one"));
        assert_eq!(sizes(&inbox.next_batch().unwrap()), [3]);
        inbox.add(1.0, Data::Text("three"));
        inbox.add(2.0, Data::Binary(b"four"));
        assert!(inbox.next_batch().is_none(), "the page has the first one");
        inbox.resume();
        let batch = inbox.next_batch().unwrap();
        assert_eq!(sizes(&batch), [5, 4]);
        assert!(batch.is_flood());
    }

    #[test]
    fn a_message_larger_than_a_batch_has_one_of_its_own() {
        let mut inbox = Inbox::new(SOCKET, Total::default());
        let large = vec![0; 2 * BATCH];
        for data in [Data::Text("before"), Data::Binary(&large), Data::Text("behind it")] {
            inbox.add(0.0, data);
        }
        let batches: Vec<_> = rest(&mut inbox).iter().map(sizes).collect();
        assert_eq!(batches, [vec![6], vec![2 * BATCH], vec![9]]);
    }

    #[test]
    fn the_close_event_waits_behind_the_messages() {
        let mut inbox = Inbox::new(SOCKET, Total::default());
        let close = || SocketReport::Close { at: 3.0, code: 1000, reason: "bye", was_clean: true };
        inbox.add(0.0, Data::Text("one"));
        let first = inbox.next_batch().unwrap();
        let large = vec![0; BATCH];
        inbox.add(1.0, Data::Binary(&large));
        inbox.add(2.0, Data::Binary(&large));
        inbox.end(close());
        assert!(inbox.next_batch().is_none(), "the page has the first one");
        let batches = rest(&mut inbox);
        assert_eq!(events(&first).len(), 2);
        assert_eq!(batches.iter().map(sizes).collect::<Vec<_>>(), [vec![BATCH], vec![BATCH], vec![]]);
        assert_eq!(events(&batches[2]), [close(), SocketReport::BatchEnd]);
        assert_eq!(inbox.waiting, 0);
    }

    #[test]
    fn dropped_messages_are_reported_before_the_close_event() {
        let mut inbox = Inbox::new(SOCKET, Total::default());
        let large = vec![0; LIMIT];
        inbox.add(0.0, Data::Binary(&large));
        inbox.add(1.0, Data::Text("no room"));
        inbox.end(SocketReport::Refused("the last event"));
        let last: Vec<_> = rest(&mut inbox)
            .iter()
            .flat_map(|batch| events(batch).split_off(sizes(batch).len()))
            .map(|event| format!("{event:?}"))
            .collect();
        assert_eq!(last, ["Missed { messages: 1, bytes: 7 }", "BatchEnd", "Refused(\"the last event\")", "BatchEnd"]);
    }

    #[test]
    fn a_guard_is_held_until_what_waits_has_been_posted() {
        let guard: Rc<dyn Any> = Rc::new(());
        let mut inbox = Inbox::new(SOCKET, Total::default());
        inbox.hold(&guard);
        assert_eq!(Rc::strong_count(&guard), 1, "nothing waits");
        inbox.add(0.0, Data::Text("one"));
        let first = inbox.next_batch().unwrap();
        inbox.add(1.0, Data::Text("two"));
        inbox.hold(&guard);
        inbox.recycle(first);
        inbox.resume();
        let second = inbox.next_batch().unwrap();
        assert_eq!(Rc::strong_count(&guard), 2, "the message is not posted yet");
        inbox.recycle(second);
        assert_eq!(Rc::strong_count(&guard), 1);
    }

    #[test]
    fn what_comes_beyond_the_limit_is_counted_where_it_is_missing() {
        let mut inbox = Inbox::new(SOCKET, Total::default());
        let large = vec![0; LIMIT / 2];
        inbox.add(0.0, Data::Binary(&large));
        for _ in 0..3 {
            inbox.add(1.0, Data::Binary(&large));
        }
        let first = inbox.next_batch().unwrap();
        assert_eq!(
            events(&first)[1..],
            [SocketReport::Missed { messages: 3, bytes: 3 * (LIMIT as u64 / 2) }, SocketReport::BatchEnd]
        );
        // There is room again.
        inbox.add(2.0, Data::Text("later"));
        inbox.resume();
        assert_eq!(events(&inbox.next_batch().unwrap()).len(), 2);
    }

    #[test]
    fn all_sockets_together_are_bounded_and_each_has_some_room() {
        let total = Total::default();
        let mut inboxes: Vec<Inbox> = (0..8).map(|key| Inbox::new(SocketKey(key), total.clone())).collect();
        let message = vec![0; RESERVED / 4];
        for _ in 0..LIMIT / message.len() {
            inboxes.iter_mut().for_each(|inbox| inbox.add(0.0, Data::Binary(&message)));
        }
        assert!(total.0.get() <= TOTAL_LIMIT + inboxes.len() * RESERVED, "{}", total.0.get());
        let mut late = Inbox::new(SOCKET, total.clone());
        (0..3).for_each(|_| late.add(0.0, Data::Binary(&message)));
        assert_eq!(rest(&mut late).iter().flat_map(sizes).count(), 3, "there is room for a socket that has less");
        drop((inboxes, late));
        assert_eq!(total.0.get(), 0);
    }

    #[test]
    fn a_message_larger_than_the_limit_is_taken_when_nothing_waits() {
        let mut inbox = Inbox::new(SOCKET, Total::default());
        let larger = vec![0; LIMIT + 1];
        inbox.add(0.0, Data::Binary(&larger));
        assert_eq!(sizes(&inbox.next_batch().unwrap()), [LIMIT + 1]);
    }

    /// What happens to an inbox.
    #[derive(Debug, Clone)]
    enum Step {
        Message(usize),
        Resume,
        Next,
    }

    fn step() -> impl Strategy<Value = Step> {
        // Small, around a batch, and a good part of the limit.
        let size = prop_oneof![0..100usize, BATCH - 50..BATCH + 50, LIMIT / 5..LIMIT / 3];
        prop_oneof![3 => size.prop_map(Step::Message), 1 => Just(Step::Resume), 2 => Just(Step::Next)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_is_lost_unseen_or_out_of_order_or_beyond_the_limit(steps in vec(step(), 0..40)) {
            let content = vec![b'x'; LIMIT / 3];
            let mut inbox = Inbox::new(SOCKET, Total::default());
            // A message's time is its number.
            let (mut added, mut seen) = (0u32, 0u64);
            let mut check = |batch: &Batch| {
                for event in events(batch) {
                    match event {
                        SocketReport::Message { at, .. } => {
                            assert_eq!(at, seen as f64);
                            seen += 1;
                        }
                        SocketReport::Missed { messages, .. } => seen += messages,
                        SocketReport::BatchEnd => {}
                        other => panic!("an inbox does not say {other:?}"),
                    }
                }
            };
            for step in steps {
                match step {
                    Step::Message(size) => {
                        inbox.add(f64::from(added), Data::Binary(&content[..size]));
                        added += 1;
                    }
                    Step::Resume => inbox.resume(),
                    Step::Next => {
                        if let Some(batch) = inbox.next_batch() {
                            check(&batch);
                            inbox.recycle(batch);
                        }
                    }
                }
                prop_assert!(inbox.waiting <= LIMIT);
            }
            rest(&mut inbox).iter().for_each(&mut check);
            prop_assert_eq!(inbox.waiting, 0);
            prop_assert_eq!(seen, u64::from(added));
        }
    }
}
