package vcsim

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// configSpec is a change of a machine as an administrator makes it: more memory, a second disk, the network card on
// another port, an annotation and extra configuration.
func configSpec(m scene) types.VirtualMachineConfigSpec {
	return types.VirtualMachineConfigSpec{
		ChangeVersion:       fmt.Sprintf("2026-11-20T10:0%d:00.000000Z", m.variant),
		Name:                m.Name,
		Annotation:          "resized by capacity management",
		NumCPUs:             int32(2 + m.variant), // #nosec G115 -- a variant is 0 to 2
		NumCoresPerSocket:   types.NewInt32(1),
		MemoryMB:            int64(4096 * (m.variant + 1)),
		MemoryHotAddEnabled: types.NewBool(true),
		CpuHotAddEnabled:    types.NewBool(false),
		Files:               &types.VirtualMachineFileInfo{VmPathName: m.file("vmx")},
		CpuAllocation: &types.ResourceAllocationInfo{
			Reservation: types.NewInt64(0), Limit: types.NewInt64(-1),
			Shares: &types.SharesInfo{Shares: 2000, Level: types.SharesLevelNormal},
		},
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{addDisk(m), editNetworkCard(m)},
		ExtraConfig: []types.BaseOptionValue{
			&types.OptionValue{Key: "guestinfo.owner", Value: "team-<blue> & co"},
			&types.OptionValue{Key: "sched.mem.pin", Value: "TRUE"},
		},
	}
}

func addDisk(m scene) types.BaseVirtualDeviceConfigSpec {
	disk := &types.VirtualDisk{CapacityInKB: 16 << 20, CapacityInBytes: 16 << 30}
	disk.Key = -101
	disk.ControllerKey = 1000
	disk.UnitNumber = types.NewInt32(1)
	disk.DeviceInfo = &types.Description{Label: "Hard disk 2", Summary: "16,777,216 KB"}
	backing := &types.VirtualDiskFlatVer2BackingInfo{
		DiskMode:        string(types.VirtualDiskModePersistent),
		ThinProvisioned: types.NewBool(true),
	}
	backing.FileName = m.file("vmdk")
	backing.Datastore = &m.store.Datastore
	disk.Backing = backing
	return &types.VirtualDeviceConfigSpec{
		Operation:     types.VirtualDeviceConfigSpecOperationAdd,
		FileOperation: types.VirtualDeviceConfigSpecFileOperationCreate,
		Device:        disk,
	}
}

func editNetworkCard(m scene) types.BaseVirtualDeviceConfigSpec {
	card := &types.VirtualVmxnet3{}
	card.Key = 4000
	card.ControllerKey = 100
	card.UnitNumber = types.NewInt32(7)
	card.AddressType = string(types.VirtualEthernetCardMacTypeAssigned)
	card.MacAddress = fmt.Sprintf("00:50:56:9a:00:%02x", m.variant)
	card.DeviceInfo = &types.Description{Label: "Network adapter 1", Summary: m.network.Name}
	card.Connectable = &types.VirtualDeviceConnectInfo{StartConnected: true, AllowGuestControl: true, Connected: true}
	card.Backing = &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
		Port: types.DistributedVirtualSwitchPortConnection{
			SwitchUuid: m.dvs.Dvs.Value, PortgroupKey: m.network.Network.Value,
		},
	}
	return &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationEdit, Device: card}
}

func configChanges(m scene) *types.ChangesInfoEventArgument {
	return &types.ChangesInfoEventArgument{
		Modified: fmt.Sprintf("config.hardware.memoryMB: 2048 -> %d;\n", 4096*(m.variant+1)),
		Added:    "config.hardware.device(2001): (key = 2001, deviceInfo = (label = \"Hard disk 2\"));\n",
	}
}

// file is the datastore path of one of the machine's files.
func (m scene) file(extension string) string {
	return fmt.Sprintf("[%s] %s/%s.%s", m.store.Name, m.Name, m.Name, extension)
}
