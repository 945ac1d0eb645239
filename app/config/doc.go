// Package config turns the environment into one validated struct. It is the only place that reads the environment, and
// it reports every fault at once, each with the variable and a remedy.
package config
