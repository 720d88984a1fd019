package usage

// add adds one observation of a call to another.
func (o *Observed) add(other *Observed) {
	o.Calls += other.Calls
	o.Denied += other.Denied
	o.Time += other.Time
	if o.Errors == nil && len(other.Errors) > 0 {
		o.Errors = make(map[int]uint64, len(other.Errors))
	}
	for errno, n := range other.Errors {
		o.Errors[errno] += n
	}
}
