package syscalls

// ENOSYSReason says why a call gets ENOSYS when it is denied by errno, in one
// line, and is empty for calls that do not. It stands apart from Call so that
// programs that do not use it do not carry the texts.
func ENOSYSReason(c *Call) string {
	if !c.ENOSYS {
		return ""
	}
	for _, r := range enosysReasons {
		if r.name == c.Name {
			return r.reason
		}
	}
	return "never implemented on this architecture"
}
