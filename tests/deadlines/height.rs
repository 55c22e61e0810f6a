//! Blocks come one after the other.

use pointlock::payment::{
    Forwarder, ForwarderError, ForwarderEvent, HeightError, Recorded, Sender, SenderError,
    SenderEvent,
};

use crate::scene::{HEIGHT, config};

#[test]
fn blocks_that_run_backwards_are_refused() {
    let mut forwarder = Recorded::new(Forwarder::new(config()).unwrap());
    let height = HEIGHT - 1;
    let backwards = HeightError::Backwards { height, current: HEIGHT };
    let refused = forwarder.apply(ForwarderEvent::Block { height });
    assert_eq!(refused.unwrap_err(), ForwarderError::Height(backwards));
    forwarder.apply(ForwarderEvent::Block { height: HEIGHT }).unwrap();
    assert!(forwarder.log().is_empty(), "the same block again changes nothing");

    let not_the_tip = HeightError::NotTheTip { height, current: HEIGHT };
    let refused = forwarder.apply(ForwarderEvent::BlockDisconnected { height });
    assert_eq!(refused.unwrap_err(), ForwarderError::Height(not_the_tip));
    forwarder.apply(ForwarderEvent::BlockDisconnected { height: HEIGHT }).unwrap();
    forwarder.apply(ForwarderEvent::Block { height: HEIGHT + 1 }).unwrap();
    assert_eq!(forwarder.log().len(), 2);
}

#[test]
fn a_sender_counts_them_too() {
    let mut sender = Recorded::new(Sender::new());
    sender.apply(SenderEvent::Block { height: HEIGHT }).unwrap();
    let (height, current) = (HEIGHT - 1, HEIGHT);
    let backwards = HeightError::Backwards { height, current };
    let refused = sender.apply(SenderEvent::Block { height });
    assert_eq!(refused.unwrap_err(), SenderError::Height(backwards));
    sender.apply(SenderEvent::BlockDisconnected { height: HEIGHT }).unwrap();
    sender.apply(SenderEvent::Block { height: HEIGHT }).unwrap();
}
