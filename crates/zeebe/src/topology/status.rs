//! What `zbctl status` prints. There is nothing about health in it: 0.24 does not tell clients.

use crate::topology::GatewayTopology;
use std::fmt::Write;

impl GatewayTopology {
    /// The text of `zbctl status`, from this view. None before the gateway has a topology: then upstream answers
    /// UNAVAILABLE `No brokers available`.
    ///
    /// Only brokers that have announced themselves and are not removed are there; a suspect is there as before.
    //= camunda/zeebe@0.24.4:clients/go/cmd/zbctl/internal/commands/status.go (printStatus)
    //= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/EndpointManager.java (topology)
    pub fn status(&self, gateway_version: &str) -> Option<String> {
        if !self.is_known() {
            return None;
        }
        let named = |version: &str| if version.is_empty() { "unavailable".to_owned() } else { version.to_owned() };
        let (size, partitions, replication) = self.configured;
        let gateway_version = named(gateway_version);
        let mut text = format!(
            "Cluster size: {size}\nPartitions count: {partitions}\nReplication factor: {replication}\n\
             Gateway version: {gateway_version}\nBrokers:\n"
        );
        let mut partitions = self.partitions().to_vec();
        partitions.sort_unstable();
        for (broker, (address, version)) in &self.brokers {
            let version = named(version);
            // A `String` takes everything.
            let _ = write!(text, "  Broker {broker} - {address}\n    Version: {version}\n");
            for partition in &partitions {
                if let Some(leads) = self.is_leader(*partition, *broker) {
                    let role = if leads { "Leader" } else { "Follower" };
                    let _ = writeln!(text, "    Partition {partition} : {role}");
                }
            }
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use crate::membership::Change::{Added, MetadataChanged};
    use crate::topology::GatewayTopology;
    use crate::topology::fixture::{Follower, Leader, member};

    #[test]
    fn the_status_is_what_zbctl_prints() {
        let mut gateway = GatewayTopology::default();
        assert_eq!(gateway.status("0.24.4"), None);

        gateway.changed(Added, &member(1, &[(1, Follower), (2, Leader(4))]));
        gateway.changed(Added, &member(0, &[(2, Follower), (1, Leader(2))]));

        let text = [
            "Cluster size: 3\nPartitions count: 3\nReplication factor: 3\nGateway version: 0.24.4\nBrokers:\n",
            "  Broker 0 - zeebe-0:26501\n    Version: 0.24.4\n    Partition 1 : Leader\n    Partition 2 : Follower\n",
            "  Broker 1 - zeebe-1:26501\n    Version: 0.24.4\n    Partition 1 : Follower\n    Partition 2 : Leader\n",
        ]
        .concat();
        assert_eq!(gateway.status("0.24.4"), Some(text));
    }

    #[test]
    fn a_deposed_leader_that_has_not_announced_it_has_no_role() {
        let mut gateway = GatewayTopology::default();
        gateway.changed(Added, &member(0, &[(1, Leader(2))]));

        gateway.changed(MetadataChanged, &member(1, &[(1, Leader(3))]));

        let text = gateway.status("").expect("brokers are known");
        assert!(text.contains("Gateway version: unavailable"));
        assert!(text.contains("Broker 0 - zeebe-0:26501\n    Version: 0.24.4\n  Broker 1"), "{text}");
    }
}
