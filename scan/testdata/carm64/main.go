// Carm64 has what compilers make of C for arm64 only.
package main

/*
static const long table[] = {10, 20, 30};

// taken returns an element of the table. Its first way, which is never gone, has the
// page of an address where the index is.
static long taken(long never, long i)
{
	long out;
	__asm__ volatile(
		"adrp x9, %[table]\n"
		"add x10, x9, :lo12:%[table]\n"
		"cbnz %[never], 1f\n"
		"mov x9, %[i]\n"
		"1: add x10, x10, x9, lsl #3\n"
		"ldr %[out], [x10]\n"
		: [out] "=r"(out) : [never] "r"(never), [i] "r"(i), [table] "S"(table) : "x9", "x10", "memory");
	return out;
}
*/
import "C"

import (
	"fmt"
	"syscall"
)

// The C library has all threads make these, by a record, which is filled in by way of
// vector registers.
func identities() {
	syscall.Setuid(syscall.Getuid())
	syscall.Setgid(syscall.Getgid())
	syscall.Setreuid(-1, -1)
	syscall.Setregid(-1, -1)
	syscall.Setresuid(-1, -1, -1)
	syscall.Setresgid(-1, -1, -1)
	groups, _ := syscall.Getgroups()
	syscall.Setgroups(groups)
}

func main() {
	fmt.Println(C.taken(0, 1) + C.taken(0, 2))
	identities()
}
