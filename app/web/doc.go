// Package web serves what operators ask a relay over HTTP: health, readiness and metrics.
package web
