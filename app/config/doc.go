// Package config turns the environment, and the fleet file that it may name, into one validated struct. It is the only
// place that reads the environment, and it reports every fault at once, each with its place (the variable, or file, line
// and key) and a remedy. What is secret is in no fault and no warning.
package config
