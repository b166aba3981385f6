package report

import (
	"cmp"
	"iter"
	"slices"
)

// MetricDef names a metric. The name is its perfdata label, its JSON key and
// its name in -w and -c: public API, never renamed.
type MetricDef struct {
	Name string
	Unit Unit
	Doc  string
	// Step is the step that measures it; "" for the whole run. A threshold on a
	// metric whose step is not in the plan is a usage error.
	Step string
	// Signed metrics may be negative; all others have the minimum 0.
	Signed bool
	// LowIsWorse metrics alarm when they fall; of several sessions the lowest is
	// the worst.
	LowIsWorse bool
	// Moment says what Metric.At is, "when ..."; "" for metrics without one.
	Moment string
}

// Time is the metric of the whole run.
const Time = "time"

// StepTime returns the name of the metric that holds a step's time.
func StepTime(step string) string { return "time_" + step }

// Names of the metrics that steps measure beside their time.
const (
	CertificateDays    = "certificate_days"
	CertificatePercent = "certificate_percent"
	Folders            = "folders"
	Messages           = "messages"
	MessageAge         = "message_age"
	MessageSize        = "message_size"
	Addresses          = "addresses"
	AddressesFailed    = "addresses_failed"

	FoundMailboxes  = "mailboxes"
	FetchSize       = "fetch_size"
	MessagesUnseen  = "messages_unseen"
	MessagesDeleted = "messages_deleted"
	MailboxSize     = "mailbox_size"
	SearchFound     = "search_found"
	SearchOldestAge = "search_oldest_age"
	SearchNewestAge = "search_newest_age"

	ClientCertificateDays = "client_certificate_days"
	ClientSecretDays      = "client_secret_days"

	QuotaStorageUsed     = "quota_storage_used"
	QuotaStorageLimit    = "quota_storage_limit"
	QuotaStoragePercent  = "quota_storage_percent"
	QuotaMessagesUsed    = "quota_messages_used"
	QuotaMessagesLimit   = "quota_messages_limit"
	QuotaMessagesPercent = "quota_messages_percent"

	DeliveryTime = "delivery_time"
	DeliveryHops = "delivery_hops"
	NodesSpread  = "nodes_spread"
)

// ClocksDiffer is why a message that was sent after it came in has no delivery_time.
const ClocksDiffer = "the clocks on its way differ"

// table is the one list of metrics. Its order is the order of the perfdata and
// PNP keeps data sources by position, so rows are only ever added at the end
// (rules P5 and P6 of docs/plugin-interface.md).
var table = []MetricDef{
	{Name: Time, Unit: Seconds, Doc: "the whole run, from the first step to the end"},
	stepTime(StepDNS, "resolving the name"),
	stepTime(StepConnect, "TCP connect, over all addresses tried"),
	stepTime(StepTLS, "TLS handshake and verification"),
	stepTime(StepGreeting, "waiting for the greeting"),
	stepTime(StepStartTLS, "STARTTLS and its answer"),
	stepTime(StepCapability, "CAPABILITY, when it had to be asked for"),
	stepTime(StepToken, "obtaining an OAuth 2.0 access token"),
	stepTime(StepLogin, "LOGIN or AUTHENTICATE, successful ones only"),
	stepTime(StepList, "LIST"),
	stepTime(StepSelect, "EXAMINE or SELECT"),
	stepTime(StepFetch, "FETCH of one message, and with --message=header: SEARCH for it, in the mailbox for spam too when it is missing"),
	stepTime(StepLogout, "LOGOUT"),
	{Name: CertificateDays, Unit: Days, Step: StepTLS, Signed: true, LowIsWorse: true,
		Doc:    "whole days, rounded down, until verification of the certificate first fails by date; negative when it has expired",
		Moment: "when verification of the certificate first fails by date"},
	{Name: CertificatePercent, Unit: Percent, Step: StepTLS, Signed: true, LowIsWorse: true,
		Doc: "share of the validity of the server's certificate that is left"},
	{Name: Folders, Unit: Count, Step: StepList, Doc: "mailboxes in the answer to LIST"},
	{Name: Messages, Unit: Count, Step: StepSelect, Doc: "messages in the mailbox (EXISTS)"},
	{Name: MessageAge, Unit: Seconds, Step: StepFetch, Signed: true,
		Doc:    "age of the fetched message, by INTERNALDATE and the local clock; negative when the clocks differ by more than a minute",
		Moment: "when the fetched message came in (INTERNALDATE)"},
	{Name: MessageSize, Unit: Bytes, Step: StepFetch, Doc: "size of the fetched message (RFC822.SIZE)"},
	{Name: Addresses, Unit: Count, Doc: "addresses of the host name, each checked in a session of its own (--all-addresses)"},
	{Name: AddressesFailed, Unit: Count, Doc: "addresses of the host name whose session is not OK (--all-addresses)"},
	stepTime(StepID, "ID"),
	stepTime(StepNoop, "NOOP before a mailbox is opened: network and front end, without the store"),
	stepTime(StepNamespace, "NAMESPACE"),
	stepTime(StepIdle, "IDLE, and DONE until the server has ended it"),
	stepTime(StepQuota, "GETQUOTAROOT"),
	{Name: QuotaStorageUsed, Unit: Bytes, Step: StepQuota, Doc: "storage that is used in the fullest quota root of the mailbox"},
	{Name: QuotaStorageLimit, Unit: Bytes, Step: StepQuota, Doc: "storage limit of the fullest quota root of the mailbox"},
	{Name: QuotaStoragePercent, Unit: Percent, Step: StepQuota, Doc: "share of the storage limit that is used, in the fullest quota root of the mailbox; a mailbox without a limit has none"},
	{Name: QuotaMessagesUsed, Unit: Count, Step: StepQuota, Doc: "messages that count in the fullest quota root of the mailbox"},
	{Name: QuotaMessagesLimit, Unit: Count, Step: StepQuota, Doc: "limit on messages of the fullest quota root of the mailbox"},
	{Name: QuotaMessagesPercent, Unit: Percent, Step: StepQuota, Doc: "share of the limit on messages that is used, in the fullest quota root of the mailbox"},
	stepTime(StepStatus, "STATUS of the mailbox before it is opened, and SEARCH DELETED in it where that is needed"),
	{Name: MessagesUnseen, Unit: Count, Step: StepStatus, Doc: "messages in the mailbox that are not marked as read"},
	{Name: MessagesDeleted, Unit: Count, Step: StepStatus, Doc: "messages in the mailbox that are marked as deleted and not yet removed"},
	{Name: MailboxSize, Unit: Bytes, Step: StepStatus, Doc: "size of all messages in the mailbox, where the server offers STATUS=SIZE"},
	stepTime(StepSearch, "SEARCH, and FETCH of the dates when an age is asked for"),
	{Name: SearchFound, Unit: Count, Step: StepSearch, Doc: "messages that --search finds; without it all messages of the mailbox"},
	{Name: SearchOldestAge, Unit: Seconds, Step: StepSearch, Signed: true,
		Doc:    "age of the oldest message that --search finds, by INTERNALDATE, looking at the 100 lowest and the 100 highest numbers; none when nothing is found",
		Moment: "when the oldest message that --search finds came in (INTERNALDATE)"},
	{Name: SearchNewestAge, Unit: Seconds, Step: StepSearch, Signed: true,
		Doc:    "age of the newest message that --search finds, in the same way; nothing found is a failure (message_missing)",
		Moment: "when the newest message that --search finds came in (INTERNALDATE)"},
	{Name: FetchSize, Unit: Bytes, Step: StepFetch, Doc: "bytes of the fetched message that were read: at most 2048 of its header, or what --fetch=body asks for"},
	stepTime(StepMailboxes, "LIST for --mailboxes, with the numbers of all that it finds where the server offers LIST-STATUS"),
	{Name: FoundMailboxes, Unit: Count, Step: StepMailboxes, Doc: "mailboxes that --mailboxes finds; the first 100 by name are looked at"},
	{Name: ClientCertificateDays, Unit: Days, Signed: true, LowIsWorse: true,
		Doc:    "whole days, rounded down, until our own certificate expires: that of --client-cert or --oauth-client-cert, whichever is first",
		Moment: "when our own certificate expires, that of --client-cert or --oauth-client-cert"},
	{Name: ClientSecretDays, Unit: Days, Signed: true, LowIsWorse: true,
		Doc:    "whole days, rounded down, until the date of --oauth-client-secret-expires; negative after it",
		Moment: "when the secret of the OAuth client expires, by --oauth-client-secret-expires"},
	stepTime(StepRights, "MYRIGHTS"),
	{Name: DeliveryTime, Unit: Seconds, Step: StepFetch, Doc: "from the first Received field of the fetched message, or from Date where there is none and with --message=header:, to INTERNALDATE, in whole seconds; none when that is more than a minute below zero, as the clocks differ then"},
	{Name: DeliveryHops, Unit: Count, Step: StepFetch, Doc: "Received fields of the fetched message: how many times it was handed on"},
	{Name: NodesSpread, Unit: Count, Doc: "by how much the addresses of the host name differ in messages or in UIDNEXT of a mailbox, the most of any (--all-addresses); UIDNEXT counts where UIDVALIDITY is the same"},
	stepTime(StepAppend, "APPEND of the message of --append, without what finds and removes it"),
}

func stepTime(step, doc string) MetricDef {
	return MetricDef{Name: StepTime(step), Unit: Seconds, Step: step, Doc: doc}
}

// MetricTable returns all metrics in the order of the perfdata, with their index.
func MetricTable() iter.Seq2[int, MetricDef] { return slices.All(table) }

// CompareMetrics orders metrics as they are printed: by the metric table, and those of
// one name by the order of the mailboxes.
func CompareMetrics(a, b Metric) int {
	if a.Def.Name == b.Def.Name {
		return cmp.Compare(a.Mailbox.Place, b.Mailbox.Place)
	}
	for i := range table {
		switch table[i].Name {
		case a.Def.Name:
			return -1
		case b.Def.Name:
			return 1
		}
	}
	return 0
}

// LookupMetric returns the definition of the metric called name and whether
// there is one.
func LookupMetric(name string) (MetricDef, bool) {
	for _, d := range table {
		if d.Name == name {
			return d, true
		}
	}
	return MetricDef{}, false
}

// StepMetrics returns what a step measures beside its time.
func StepMetrics(step string) []MetricDef {
	var defs []MetricDef
	for _, d := range table {
		if d.Step == step && d.Name != StepTime(step) {
			defs = append(defs, d)
		}
	}
	return defs
}
