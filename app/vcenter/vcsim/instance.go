package vcsim

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// serviceInstance answers CurrentTime from the vCenter's clock, the one that stamps the events.
type serviceInstance struct {
	*simulator.ServiceInstance
	now func() time.Time
}

// CurrentTime is the SOAP call.
func (s *serviceInstance) CurrentTime(*types.CurrentTime) soap.HasFault {
	return &methods.CurrentTimeBody{Res: &types.CurrentTimeResponse{Returnval: s.now().UTC()}}
}

// newModel builds the inventory: a standalone host and a cluster of three, half of the machines on each, two
// datastores, a distributed switch with two port groups.
func newModel(cfg Config, now func() time.Time) (*simulator.Model, error) {
	model := simulator.VPX()
	model.Machine = (cfg.VMs + 1) / 2
	model.ClusterHost = cfg.Hosts
	model.Datastore = 2
	model.Portgroup = 2
	if err := model.Create(); err != nil {
		model.Remove()
		return nil, fmt.Errorf("create inventory: %w", err)
	}
	return model, introduce(model.Map(), cfg, now)
}

// introduce sets what the vCenter says about itself.
func introduce(registry *simulator.Registry, cfg Config, now func() time.Time) error {
	instance, ok := registry.Get(vim25.ServiceInstance).(*simulator.ServiceInstance)
	if !ok {
		return fmt.Errorf("describe vCenter: the simulator has no service instance")
	}
	about := &instance.Content.About
	about.InstanceUuid = cfg.InstanceUUID
	about.Version = cfg.Version
	about.ApiVersion = apiVersion(cfg.Version)
	about.FullName = fmt.Sprintf("%s %s build-%s", about.Name, about.Version, about.Build)
	registry.Put(&serviceInstance{ServiceInstance: instance, now: now})
	return nil
}
