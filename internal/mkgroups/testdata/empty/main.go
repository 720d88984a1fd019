// Nothing: what is left is the Go runtime.
package main

func main() {}
