// Package schedtest holds tests only: private Nagios, Icinga, NRPE and SSH
// daemons from Debian's packages run the definitions of contrib/ against a real
// Dovecot, and what they store is compared with what the plugin printed. What
// README.md and docs tell a reader to write and to run is done too, on a copy of
// Debian's own configuration (blocks_test.go says how a page is read).
//
// The daemons are put in place by .ci/install-schedulers, and Dovecot by
// .ci/install-servers. CHECK_IMAP_SESSION_REQUIRE_SERVERS decides what a missing
// one means, see servertest.Need. Everything listens on 127.0.0.0/8 and
// ends with its test.
//
// Graphite, InfluxDB and Prometheus hold what the dashboards ask for.
// CHECK_IMAP_SESSION_DIRECTOR=1 adds Debian's Icinga Web with the Director, which
// restores the shipped basket. CHECK_IMAP_SESSION_PICTURE=FILE makes that test
// write a picture of a service's page; docs/icingaweb.png is one.
package schedtest
