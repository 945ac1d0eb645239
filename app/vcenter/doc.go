// Package vcenter reads the events of one vCenter: session, login, and the reader of its history.
//
// It reads with an EventHistoryCollector in pages of 1,000, from a little before the position, and leaves out what the
// position counts as done. Package vimjson turns a page into JSON or XML while it arrives; the next page is read while the
// caller works on this one. A page that was asked for is never asked for again on the same collector: vCenter moves the
// collector's cursor when it answers, whether or not the answer arrives. After any error the collector is given up and
// another is made. Several streams may share one reader, see Shared.
package vcenter
