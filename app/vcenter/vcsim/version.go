package vcsim

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var dotted = regexp.MustCompile(`^\d{1,3}(\.\d{1,3}){1,3}$`)

func checkVersion(version string) error {
	if !dotted.MatchString(version) {
		return fmt.Errorf("version %q is none of a vCenter, such as 7.0.3, 8.0.3 or 9.0.0", version)
	}
	return nil
}

// apiVersion is the version with four numbers.
func apiVersion(version string) string {
	for strings.Count(version, ".") < 3 {
		version += ".0"
	}
	return version
}

// queriesByID tells whether QueryEvents knows views, as vSphere 9.0 does.
func queriesByID(version string) bool {
	major, _, _ := strings.Cut(version, ".")
	number, err := strconv.Atoi(major)
	return err == nil && number >= 9
}
