package report

// Unit is the base unit of a metric. Thresholds may be given in larger or
// smaller units of the same kind; values and perfdata never are.
type Unit string

// The units metrics have.
const (
	Count   Unit = ""  // a plain number
	Seconds Unit = "s" // printed with six decimals
	Bytes   Unit = "B" // whole bytes
	Percent Unit = "%"
	Days    Unit = "d" // whole days; printed without a unit, the name says it
)

// UOM returns the unit as perfdata prints it. Days have none: Icinga would
// read `d` and multiply, others would not (rule P10).
func (u Unit) UOM() string {
	if u == Days {
		return ""
	}
	return string(u)
}
