package report

// Names of the steps. They are public API: JSON keys, and the stems of the
// metrics time_<name>. A step, the rows of its metrics and whoever asks for that
// one step all use the constant.
const (
	StepDNS        = "dns"
	StepConnect    = "connect"
	StepTLS        = "tls"
	StepGreeting   = "greeting"
	StepStartTLS   = "starttls"
	StepCapability = "capability"
	StepToken      = "token"
	StepLogin      = "login"
	StepID         = "id"
	StepNoop       = "noop"
	StepNamespace  = "namespace"
	StepList       = "list"
	StepMailboxes  = "mailboxes"
	StepQuota      = "quota"
	StepRights     = "rights"
	StepStatus     = "status"
	StepSelect     = "select"
	StepSearch     = "search"
	StepFetch      = "fetch"
	StepIdle       = "idle"
	StepAppend     = "append"
	StepLogout     = "logout"
)

// About is the part of the service that a step depends on. A failure, or a slow
// answer, is looked for there first.
type About int

// The parts of the service.
const (
	AboutNetwork About = iota // the way to the server, and the server as such
	AboutAccount              // the user database: login
	AboutStore                // the mail store
	AboutMailbox              // one mailbox of the mail store, which the step names to the server
)
