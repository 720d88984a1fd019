package curb

// Allow gives a policy that allows these system calls, by the kernel's names of
// them, and denies all others.
func Allow(names ...string) Policy { return Policy{}.Allow(names...) }

// Deny gives a policy that denies these system calls, by the kernel's names of
// them, and allows all others. A list of what is allowed is the better choice
// wherever it can be had: this one does not know what the next kernel brings.
//
// What is denied fails with EPERM, and [Policy.On] gives it another answer.
// [Policy.Otherwise] is not for that: it replaces that all others are allowed.
func Deny(names ...string) Policy { return Policy{}.Otherwise(allow).Deny(names...) }
