//! Keys: a counter per partition, with the partition in the upper bits.

/// Bits of the counter; the partition stands above them.
///
//= camunda/zeebe@0.24.4:protocol/src/main/java/io/zeebe/protocol/Protocol.java (KEY_BITS)
const KEY_BITS: u32 = 51;

/// What the counter of a partition starts from; the first key drawn is one more.
#[must_use]
pub const fn first_key(partition: u16) -> i64 {
    (partition as i64) << KEY_BITS
}

/// The partition that drew a key.
#[must_use]
pub const fn partition_of(key: i64) -> i64 {
    key >> KEY_BITS
}

#[cfg(test)]
mod tests {
    use super::{first_key, partition_of};

    #[test]
    fn keys_name_their_partition() {
        assert_eq!(first_key(1) + 1, 2_251_799_813_685_249);
        assert_eq!(first_key(3) + 1, 6_755_399_441_055_745);
        assert_eq!(partition_of(6_755_399_441_055_745), 3);
        assert_eq!(partition_of(12_345), 0);
    }
}
