//! Every log, replayed from every prefix.

use pointlock::hold::MemoryStore;
use pointlock::payment::{Forwarder, Receiver, Recorded, Sender};

use super::{
    Network, Node, copy_forwarder_log, copy_receiver_log, copy_sender_log, forwarder_words,
    receiver_config, receiver_words, sender_words,
};

impl Network {
    /// Replays every prefix of every log: the same view, and the same reaction to the next event.
    pub(crate) fn check_replay(&self) {
        for (index, sender) in self.senders.iter().enumerate() {
            let Some(record) = self.records.get(&Node::Sender(index)) else { continue };
            let copies = |count: usize| copy_sender_log(&sender.log()[..count], &self.seeds[index]);
            for count in 0..=record.len() {
                let mut replayed = Recorded::replay(Sender::new(), copies(count)).unwrap();
                let expected = count.checked_sub(1).map(|last| record[last].1.clone());
                assert_eq!(*replayed.view(), expected.unwrap_or_default());
                assert_eq!(replayed.log().len(), count);
                if let Some((words, _)) = record.get(count) {
                    let event = copies(count + 1).pop().unwrap();
                    let actions = replayed.apply(event).unwrap();
                    let said = actions.iter().map(sender_words).collect::<Vec<_>>().join("\n");
                    assert_eq!(said, *words);
                }
            }
        }
        for (index, forwarder) in self.forwarders.iter().enumerate() {
            let Some(record) = self.records.get(&Node::Forwarder(index + 1)) else { continue };
            let copies = |count: usize| copy_forwarder_log(&forwarder.log()[..count]);
            for count in 0..=record.len() {
                let config = self.configs[index].clone();
                let store = MemoryStore::default();
                let mut replayed =
                    Recorded::replay(Forwarder::new(config, store), copies(count)).unwrap();
                let expected = count.checked_sub(1).map(|last| record[last].1.clone());
                assert_eq!(*replayed.view(), expected.unwrap_or_default());
                assert_eq!(replayed.log().len(), count);
                if let Some((words, _)) = record.get(count) {
                    let event = copies(count + 1).pop().unwrap();
                    let actions = replayed.apply(event).unwrap();
                    let said = actions.iter().map(forwarder_words).collect::<Vec<_>>().join("\n");
                    assert_eq!(said, *words);
                }
            }
        }
        let Some(record) = self.records.get(&Node::Receiver) else { return };
        let copies = |count: usize| copy_receiver_log(&self.receiver.log()[..count]);
        for count in 0..=record.len() {
            let mut replayed =
                Recorded::replay(Receiver::new(receiver_config()), copies(count)).unwrap();
            let expected = count.checked_sub(1).map(|last| record[last].1.clone());
            assert_eq!(*replayed.view(), expected.unwrap_or_default());
            assert_eq!(replayed.log().len(), count);
            if let Some((words, _)) = record.get(count) {
                let event = copies(count + 1).pop().unwrap();
                let actions = replayed.apply(event).unwrap();
                let said = actions.iter().map(receiver_words).collect::<Vec<_>>().join("\n");
                assert_eq!(said, *words);
            }
        }
    }
}
