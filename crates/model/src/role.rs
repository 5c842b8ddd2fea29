//! Who may do what: every permission once.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The role that a credential carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Submits jobs and looks after their own.
    User,
    /// Looks after all jobs of a group.
    GroupManager,
    /// Watches everything, looks after alarms, kills and retries any job, drains pilots, sends test pilots.
    Shifter,
    /// Like a shifter for named sites; also sets the status of their queues, pauses, drains and caps labels that serve
    /// them.
    SiteAdmin,
    /// May do everything.
    Operator,
    /// A factory.
    Factory,
    /// A pilot: one of ours after its hello, or the PanDA pilots of named sites.
    Pilot,
}

/// Something that may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See pages, listings and logs.
    Read,
    /// Submit jobs in one's own name.
    Submit,
    /// Kill, retry and change one's own jobs.
    ManageOwnJobs,
    /// Kill, retry and change jobs of one's group.
    ManageGroupJobs,
    /// Kill, retry and change any job.
    ManageAllJobs,
    /// Drain pilots and give commands to them.
    CommandPilots,
    /// Acknowledge, comment and silence alarms.
    ManageAlarms,
    /// Set the status of queues.
    SetQueueStatus,
    /// Create and change queues.
    ManageQueues,
    /// Pause, drain and cap labels of factories, and resume them.
    OrderLabels,
    /// Send test pilots.
    TestLabels,
    /// Give commands to factories.
    CommandFactories,
    /// Create and revoke tokens, store programs, back up.
    Administer,
    /// Announce pilots, report their batch state, store decisions.
    RunFactory,
    /// Lease jobs, report on them.
    RunPilot,
}

impl Permission {
    /// All permissions.
    pub const ALL: [Permission; 15] = [
        Permission::Read,
        Permission::Submit,
        Permission::ManageOwnJobs,
        Permission::ManageGroupJobs,
        Permission::ManageAllJobs,
        Permission::CommandPilots,
        Permission::ManageAlarms,
        Permission::SetQueueStatus,
        Permission::ManageQueues,
        Permission::OrderLabels,
        Permission::TestLabels,
        Permission::CommandFactories,
        Permission::Administer,
        Permission::RunFactory,
        Permission::RunPilot,
    ];
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 7] =
        [Role::User, Role::GroupManager, Role::Shifter, Role::SiteAdmin, Role::Operator, Role::Factory, Role::Pilot];

    /// Whether the role includes the permission. A site admin's reach is narrowed to the sites of the credential
    /// by whoever asks.
    pub fn may(self, permission: Permission) -> bool {
        use Permission as P;
        let user = matches!(permission, P::Read | P::Submit | P::ManageOwnJobs);
        match self {
            Role::User => user,
            Role::GroupManager => user || permission == P::ManageGroupJobs,
            Role::Shifter => {
                user || matches!(
                    permission,
                    P::ManageGroupJobs | P::ManageAllJobs | P::CommandPilots | P::ManageAlarms | P::TestLabels
                )
            }
            Role::SiteAdmin => {
                user || matches!(
                    permission,
                    P::ManageAllJobs
                        | P::CommandPilots
                        | P::ManageAlarms
                        | P::SetQueueStatus
                        | P::OrderLabels
                        | P::TestLabels
                )
            }
            Role::Operator => !matches!(permission, P::RunPilot),
            Role::Factory => matches!(permission, P::Read | P::RunFactory | P::ManageQueues | P::CommandPilots),
            Role::Pilot => permission == P::RunPilot,
        }
    }

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::GroupManager => "group-manager",
            Role::Shifter => "shifter",
            Role::SiteAdmin => "site-admin",
            Role::Operator => "operator",
            Role::Factory => "factory",
            Role::Pilot => "pilot",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Role, String> {
        Role::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("'{text}' is no role; the roles are {}", Role::ALL.map(Role::as_str).join(", ")))
    }
}
