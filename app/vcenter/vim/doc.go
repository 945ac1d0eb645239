// Package vim makes the calls of package vcenter to a vCenter, over SOAP and govmomi's client: login, collectors, reading by
// key, and the watch on the newest event. Pages are transcoded to the layout of the events while they arrive.
package vim
