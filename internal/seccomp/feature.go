package seccomp

// A Feature is something of seccomp's that a kernel may have or lack.
type Feature uint8

// The features: filters at all, the actions, the flags (in the order of their
// bits), and what a listener can do.
const (
	Filters Feature = iota

	ActionKillProcess
	ActionKillThread
	ActionTrap
	ActionErrno
	ActionNotify
	ActionTrace
	ActionLog
	ActionAllow

	FlagAllThreads
	FlagLogDenials
	FlagAllowSpeculation
	FlagNewListener
	FlagAllThreadsOrError
	FlagWaitKillable

	ListenerContinue
	ListenerAddFD
	ListenerAddFDSend
	ListenerSyncWakeUp

	NumFeatures = iota
)

// features has the kernel's name of each, and the release of Linux that brought
// it (linux/seccomp.h, seccomp(2), seccomp_unotify(2)).
var features = [NumFeatures]struct{ name, since string }{
	Filters: {"SECCOMP_SET_MODE_FILTER", "3.17"},

	ActionKillProcess: {"SECCOMP_RET_KILL_PROCESS", "4.14"},
	ActionKillThread:  {"SECCOMP_RET_KILL_THREAD", "3.5"},
	ActionTrap:        {"SECCOMP_RET_TRAP", "3.5"},
	ActionErrno:       {"SECCOMP_RET_ERRNO", "3.5"},
	ActionNotify:      {"SECCOMP_RET_USER_NOTIF", "5.0"},
	ActionTrace:       {"SECCOMP_RET_TRACE", "3.5"},
	ActionLog:         {"SECCOMP_RET_LOG", "4.14"},
	ActionAllow:       {"SECCOMP_RET_ALLOW", "3.5"},

	FlagAllThreads:        {"SECCOMP_FILTER_FLAG_TSYNC", "3.17"},
	FlagLogDenials:        {"SECCOMP_FILTER_FLAG_LOG", "4.14"},
	FlagAllowSpeculation:  {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", "4.17"},
	FlagNewListener:       {"SECCOMP_FILTER_FLAG_NEW_LISTENER", "5.0"},
	FlagAllThreadsOrError: {"SECCOMP_FILTER_FLAG_TSYNC_ESRCH", "5.7"},
	FlagWaitKillable:      {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "5.19"},

	ListenerContinue:   {"SECCOMP_USER_NOTIF_FLAG_CONTINUE", "5.5"},
	ListenerAddFD:      {"SECCOMP_IOCTL_NOTIF_ADDFD", "5.9"},
	ListenerAddFDSend:  {"SECCOMP_ADDFD_FLAG_SEND", "5.14"},
	ListenerSyncWakeUp: {"SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP", "6.6"},
}

// String gives the kernel's name of the feature.
func (f Feature) String() string { return features[f].name }

// Since gives the release of Linux that brought the feature, such as "4.14".
func (f Feature) Since() string { return features[f].since }

// actions has what a filter returns for the features that are actions.
var actions = [...]uint32{
	RetKillProcess, RetKillThread, RetTrap, RetErrno, RetNotify, RetTrace, RetLog, RetAllow,
}

const (
	firstAction   = ActionKillProcess
	firstFlag     = FlagAllThreads
	firstListener = ListenerContinue
)

// ret gives what a filter returns for an action.
func (f Feature) ret() uint32 { return actions[f-firstAction] }

// flag gives the bit of a flag.
func (f Feature) flag() Flags { return 1 << (f - firstFlag) }

// A Lack is what a filter asked for and was loaded without.
type Lack struct {
	Feature Feature
	Err     error // that the kernel has not got it, or why that could not be told
}
