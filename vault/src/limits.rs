use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::config::Config;

/// How often an address and a receiver's stock may be asked.
#[derive(Debug)]
pub struct Limits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    receivers: DefaultKeyedRateLimiter<i64>,
    clock: DefaultClock,
}

impl Limits {
    /// By these rates. Whoever was quiet may ask four seconds' worth at once.
    pub fn new(config: &Config) -> Self {
        let address = NonZeroU32::new(config.address_rate).unwrap_or(NonZeroU32::MIN);
        let receiver = NonZeroU32::new(config.receiver_rate).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(config.address_rate.saturating_mul(4)).unwrap_or(address);
        Self {
            addresses: DefaultKeyedRateLimiter::keyed(
                Quota::per_second(address).allow_burst(burst),
            ),
            receivers: DefaultKeyedRateLimiter::keyed(Quota::per_minute(receiver)),
            clock: DefaultClock::default(),
        }
    }

    /// Refused for this long, or not.
    ///
    /// # Errors
    ///
    /// How long to wait.
    pub fn address(&self, address: IpAddr) -> Result<(), Duration> {
        let result = self.addresses.check_key(&subnet(address));
        result.map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// As [`address`](Self::address), for the stock of a receiver.
    ///
    /// # Errors
    ///
    /// How long to wait.
    pub fn receiver(&self, receiver: i64) -> Result<(), Duration> {
        let result = self.receivers.check_key(&receiver);
        result.map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// Forgets who was quiet for long.
    pub fn sweep(&self) {
        self.addresses.retain_recent();
        self.receivers.retain_recent();
    }
}

/// Whoever has one IPv6 address has 2^64 of them.
fn subnet(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => {
                let [a, b, c, d, ..] = six.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_subnet() {
        let of = |text: &str| subnet(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.2"), of("192.0.2.1"));
    }
}
