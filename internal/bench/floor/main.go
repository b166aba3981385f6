// Floor does nothing: what it costs to start it is what any Go program costs.
package main

func main() {}
