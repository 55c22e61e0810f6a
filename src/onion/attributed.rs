use super::attribution::AttributionReader;
use super::{
    Attribution, AttributionData, Failure, FailurePacket, HoldTime, OnionError, SharedSecret,
};

/// A failure on its way back, with what makes it attributable: what `update_fail_htlc` carries (BOLT 4, "Returning Errors").
///
/// ```
/// use pointlock::onion::{AttributedFailure, HoldTime, SharedSecret};
///
/// let route = [1, 2, 3].map(|byte| SharedSecret::from_bytes([byte; 32]));
/// // The third hop fails (0x2002, temporary node failure) after 200 ms; the second passes it on, and so does the first.
/// let failure = AttributedFailure::new(&route[2], &[0x20, 0x02], HoldTime::from_millis(200))?
///     .wrap(&route[1], HoldTime::from_millis(500))
///     .wrap(&route[0], HoldTime::from_millis(700));
///
/// let read = failure.open(&route);
/// assert_eq!(read.failure?.hop, 2);
/// let attribution = read.attribution.expect("it came with one");
/// assert_eq!(attribution.hold_times.iter().map(|time| time.units()).collect::<Vec<_>>(), [7, 5, 2]);
/// assert_eq!(attribution.broken_at, None);
/// # Ok::<(), pointlock::onion::OnionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributedFailure {
    packet: FailurePacket,
    attribution: Option<AttributionData>,
}

/// What the sender reads of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureReport {
    /// Who says that it failed, and why.
    pub failure: Result<Failure, OnionError>,
    /// Who held it how long, and who changed it; None where the first hop sent none.
    pub attribution: Option<Attribution>,
}

impl AttributedFailure {
    /// The failure of the hop with this secret, as [`FailurePacket::new`].
    ///
    /// # Errors
    ///
    /// [`OnionError::FailureLength`].
    pub fn new(
        shared_secret: &SharedSecret,
        message: &[u8],
        hold_time: HoldTime,
    ) -> Result<Self, OnionError> {
        let bare = FailurePacket::bare(shared_secret, message)?;
        Ok(Self::first(bare, shared_secret, hold_time))
    }

    /// What the next hop has sent: its reason, and the attribution data that stood beside it, if any did.
    pub fn from_parts(packet: FailurePacket, attribution: Option<AttributionData>) -> Self {
        Self { packet, attribution }
    }

    /// The layer of the hop at which it begins, over a packet without one.
    pub(crate) fn first(
        bare: FailurePacket,
        shared_secret: &SharedSecret,
        hold_time: HoldTime,
    ) -> Self {
        let attribution = AttributionData::new(shared_secret, bare.as_bytes(), hold_time);
        Self { packet: bare.wrap(shared_secret), attribution: Some(attribution) }
    }

    /// With the layer of one more hop, on the way back. A hop that gets no attribution data begins with its own: the sender sees
    /// then how far it is whole.
    #[must_use]
    pub fn wrap(self, shared_secret: &SharedSecret, hold_time: HoldTime) -> Self {
        let Self { packet, attribution } = self;
        let covered = packet.as_bytes();
        let attribution = match attribution {
            Some(data) => data.wrap(shared_secret, covered, hold_time),
            None => AttributionData::new(shared_secret, covered, hold_time),
        };
        Self { packet: packet.wrap(shared_secret), attribution: Some(attribution) }
    }

    /// The reason, as `update_fail_htlc` has it.
    pub fn packet(&self) -> &FailurePacket {
        &self.packet
    }

    /// The attribution data, as `update_fail_htlc` has it in its TLV stream under type 1.
    pub fn attribution(&self) -> Option<&AttributionData> {
        self.attribution.as_ref()
    }

    /// The bytes of the reason.
    pub fn as_bytes(&self) -> &[u8] {
        self.packet.as_bytes()
    }

    /// What the sender reads, with the secrets of the whole route in its order.
    ///
    /// HMACs of 4 bytes can be guessed, once in 2^32 times; a wrong guess shows.
    pub fn open(self, shared_secrets: &[SharedSecret]) -> FailureReport {
        self.open_with_inner(shared_secrets, &[])
    }

    /// The same, as [`FailurePacket::open_with_inner`]. Hold times are those of the outer route: what happens behind a trampoline is in
    /// its own time.
    pub fn open_with_inner(self, outer: &[SharedSecret], inner: &[SharedSecret]) -> FailureReport {
        let mut reader = self.attribution.map(|data| AttributionReader::new(data, outer.len()));
        let mut seen = 0;
        let failure = self.packet.open_with(outer, inner, |hop, packet| {
            if let (Some(reader), Some(secret)) = (&mut reader, outer.get(hop)) {
                reader.next(secret, packet);
                seen = hop + 1;
            }
        });
        // Behind the hop that has failed there is nothing to be read.
        let until = match &failure {
            Ok(failure) => failure.hop + 1,
            Err(OnionError::InvalidFailure { hop }) => hop + 1,
            Err(_) => seen,
        };
        let attribution = reader.map(|reader| reader.finish(until));
        FailureReport { failure, attribution }
    }
}

impl From<FailurePacket> for AttributedFailure {
    /// Of a hop that does not know attribution.
    fn from(packet: FailurePacket) -> Self {
        Self { packet, attribution: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn route(hops: u8) -> Vec<SharedSecret> {
        (1..=hops).map(|byte| SharedSecret::from_bytes([byte; 32])).collect()
    }

    fn time(hop: usize) -> HoldTime {
        HoldTime::from_units(1_000 - hop as u32)
    }

    /// What comes to the sender when this hop fails, and each hop does with what it gives on what `change` does.
    fn returned(
        route: &[SharedSecret],
        failing: usize,
        change: impl Fn(usize, AttributedFailure) -> AttributedFailure,
    ) -> AttributedFailure {
        let own = AttributedFailure::new(&route[failing], &[0x20, 2], time(failing)).unwrap();
        (0..failing).rev().fold(change(failing, own), |failure, hop| {
            change(hop, failure.wrap(&route[hop], time(hop)))
        })
    }

    fn times(hops: std::ops::Range<usize>) -> Vec<HoldTime> {
        hops.map(time).collect()
    }

    #[test]
    fn every_hop_is_heard() {
        for hops in [1, 2, 19, 20, 21, 27] {
            let route = route(hops);
            for failing in 0..route.len() {
                let read = returned(&route, failing, |_, failure| failure).open(&route);
                assert_eq!(read.failure.unwrap().hop, failing);
                let attribution = read.attribution.unwrap();
                assert_eq!(attribution.broken_at, None, "{failing} of {hops}");
                assert_eq!(attribution.hold_times, times(0..(failing + 1).min(20)));
            }
        }
    }

    /// The reason is padded as before, and the other field has one length.
    #[test]
    fn lengths_tell_nothing() {
        let route = route(1);
        for length in [2, 100, 256] {
            let failure =
                AttributedFailure::new(&route[0], &vec![7; length], HoldTime::UNKNOWN).unwrap();
            assert_eq!(failure.as_bytes().len(), 292);
            assert_eq!(failure.attribution().unwrap().as_bytes().len(), 920);
        }
    }

    /// A hop that does not know attribution passes the reason on alone. The failure is read as ever, and attribution ends there.
    #[test]
    fn packets_without_it_are_read() {
        let route = route(5);
        for legacy in 0..5 {
            let failure =
                returned(
                    &route,
                    4,
                    |hop, failure| {
                        if hop == legacy { failure.packet.into() } else { failure }
                    },
                );
            let read = failure.open(&route);
            assert_eq!(read.failure.unwrap().hop, 4);
            match read.attribution {
                None => assert_eq!(legacy, 0),
                Some(attribution) => {
                    assert_eq!(attribution.hold_times, times(0..legacy));
                    assert_eq!(attribution.broken_at, Some(legacy));
                }
            }
        }
        let packet = FailurePacket::new(&route[1], &[0x20, 2]).unwrap().wrap(&route[0]);
        let read = AttributedFailure::from(packet.clone()).open(&route);
        assert_eq!((read.failure, read.attribution), (packet.open(&route), None));
    }

    /// The hop that fails writes a reason that nobody can read: its HMACs say that it was there.
    #[test]
    fn a_reason_of_noise_has_an_author() {
        let route = route(6);
        for failing in 0..6 {
            let noise = FailurePacket::from_bytes(&[9; 292]).unwrap();
            let own = AttributedFailure::first(noise, &route[failing], time(failing));
            let failure =
                (0..failing).rev().fold(own, |failure, hop| failure.wrap(&route[hop], time(hop)));
            let read = failure.open(&route);
            assert_eq!(read.failure, Err(OnionError::UnknownFailureSource));
            let attribution = read.attribution.unwrap();
            assert_eq!(attribution.hold_times, times(0..failing + 1));
            let behind = (failing + 1 < 6).then_some((Some(failing), failing + 1));
            assert_eq!(attribution.blamed(), behind);
        }
    }

    #[test]
    fn a_time_cannot_be_changed_later() {
        let route = route(4);
        // The second hop says that the third one took longer.
        let failure = returned(&route, 3, |hop, failure| {
            let Some(mut data) = failure.attribution.clone().filter(|_| hop == 2) else {
                return failure;
            };
            let mut bytes = data.as_bytes().to_vec();
            bytes[3] ^= 1;
            data = AttributionData::from_bytes(&bytes).unwrap();
            AttributedFailure { attribution: Some(data), ..failure }
        });
        let attribution = failure.open(&route).attribution.unwrap();
        assert_eq!(attribution.blamed(), Some((Some(1), 2)));
        assert_eq!(attribution.hold_times, times(0..2));
    }

    proptest! {
        /// Whatever a hop changes of what it gives on, or of what it was given before it signs it, is between it and a neighbour.
        #[test]
        fn a_hop_that_garbles_is_one_of_two(
            hops in 2u8..12,
            culprit: prop::sample::Index,
            failing: prop::sample::Index,
            bit: prop::sample::Index,
            in_reason: bool,
            before_signing: bool,
        ) {
            let route = route(hops);
            let failing = failing.index(route.len());
            let culprit = culprit.index(failing + 1);
            let garble = |failure: AttributedFailure| {
                let mut reason = failure.as_bytes().to_vec();
                let mut data = failure.attribution().unwrap().as_bytes().to_vec();
                let garbled = if in_reason { &mut reason } else { &mut data };
                let bit = bit.index(garbled.len() * 8);
                garbled[bit / 8] ^= 1 << (bit % 8);
                AttributedFailure {
                    packet: FailurePacket::from_bytes(&reason).unwrap(),
                    attribution: Some(AttributionData::from_bytes(&data).unwrap()),
                }
            };
            // Before it signs: as if the hop behind it had given it so.
            let at = if before_signing { (culprit + 1).min(failing) } else { culprit };
            let failure = returned(&route, failing, |hop, failure| {
                if hop == at { garble(failure) } else { failure }
            });
            let read = failure.open(&route);
            if in_reason {
                prop_assert_eq!(read.failure, Err(OnionError::UnknownFailureSource));
            } else {
                // The reason is whole, and read.
                prop_assert_eq!(read.failure.unwrap().hop, failing);
            }
            let attribution = read.attribution.unwrap();
            match attribution.blamed() {
                Some((before, hop)) => {
                    prop_assert!(hop == culprit || before == Some(culprit), "{attribution:?}, {culprit}");
                    prop_assert_eq!(attribution.hold_times, times(0..at));
                }
                // What it changed is read by nobody: the HMACs of another place.
                None => prop_assert!(!in_reason),
            }
        }

        #[test]
        fn no_bytes_panic(reason in prop::collection::vec(any::<u8>(), 0..400), data in prop::collection::vec(any::<u8>(), 920)) {
            let packet = FailurePacket::from_bytes(&reason).unwrap();
            let failure = AttributedFailure::from_parts(packet, AttributionData::from_bytes(&data).ok());
            let read = failure.wrap(&route(1)[0], HoldTime::from_units(7)).open(&route(3));
            prop_assert!(read.failure.is_err());
            let attribution = read.attribution.unwrap();
            prop_assert_eq!(attribution.hold_times, [HoldTime::from_units(7)]);
            prop_assert_eq!(attribution.broken_at, Some(1));
        }
    }
}
