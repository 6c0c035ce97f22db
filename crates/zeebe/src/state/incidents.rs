//! Open incidents, and which job or element each one holds up.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/instance/IncidentState.java (tables)

use super::State;
use crate::protocol::Incident;
use std::sync::Arc;

impl State {
    /// An incident.
    #[must_use]
    pub fn incident(&self, key: i64) -> Option<&Arc<Incident>> {
        self.incidents.get(&key)
    }

    /// All incidents, by key.
    pub fn all_incidents(&self) -> impl Iterator<Item = &Arc<Incident>> {
        self.incidents.iter().map(|(_, incident)| incident)
    }

    /// The incident of a job.
    #[must_use]
    pub fn job_incident(&self, job_key: i64) -> Option<i64> {
        self.job_incidents.get(&job_key).copied()
    }

    /// The incident of an element.
    #[must_use]
    pub fn element_incident(&self, element_instance_key: i64) -> Option<i64> {
        self.element_incidents.get(&element_instance_key).copied()
    }

    /// Stores an incident.
    pub fn create_incident(&mut self, key: i64, incident: Arc<Incident>) {
        if incident.job_key > 0 {
            self.job_incidents.put(incident.job_key, key);
        } else {
            self.element_incidents.put(incident.element_instance_key, key);
        }
        self.incidents.put(key, incident);
    }

    /// Removes an incident; nothing if it is not there.
    pub fn delete_incident(&mut self, key: i64) {
        let Some(incident) = self.incidents.get(&key).cloned() else { return };
        self.incidents.delete(&key);
        if incident.job_key > 0 {
            self.job_incidents.delete(&incident.job_key);
        } else {
            self.element_incidents.delete(&incident.element_instance_key);
        }
    }
}
