package session

// Catalog lists all steps in protocol order. A name is in it twice where
// the protocol has the step in two places; a session has it at most once.
var Catalog = []Step{
	dnsStep,
	connectStep,
	tlsStep,
	greetingStep,
	starttlsStep,
	tlsAfterStartTLSStep,
	capabilityStep,
	tokenStep,
	loginStep,
	capabilityAfterLoginStep,
	idStep,
	noopStep,
	namespaceStep,
	listStep,
	mailboxesStep,
	rightsStep,
	quotaStep,
	statusStep,
	selectStep,
	statusBySearchStep,
	searchStep,
	fetchStep,
	idleStep,
	appendStep,
	logoutStep,
}
