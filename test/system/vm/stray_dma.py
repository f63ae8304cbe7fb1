# SPDX-License-Identifier: BSD-3-Clause
"""In nicvm's guest: have an e1000 or e1000e card read a descriptor at an address nobody mapped."""

import fcntl
import os
import pathlib
import struct
import time

GROUP_SET_CONTAINER, SET_IOMMU, GROUP_GET_DEVICE_FD = 0x3B68, 0x3B66, 0x3B6A
TYPE1_IOMMU = 1
# Offsets in the device's file: BAR 0, and the configuration space.
BAR0, CONFIG = 0 << 40, 7 << 40
COMMAND, MEMORY_AND_MASTER = 4, 6
# Registers of the card: the ring of transmit descriptors, where it begins and ends, "transmit".
TDBAL, TDBAH, TDLEN, TDH, TDT, TCTL, ENABLE = 0x3800, 0x3804, 0x3808, 0x3810, 0x3818, 0x400, 2
NOWHERE = 0xdead0000


def main():
    address = os.environ["NICVM_PORT0"]
    group = (pathlib.Path("/sys/bus/pci/devices") / address / "iommu_group").resolve().name
    container = os.open("/dev/vfio/vfio", os.O_RDWR)
    group = os.open(f"/dev/vfio/{group}", os.O_RDWR)
    fcntl.ioctl(group, GROUP_SET_CONTAINER, struct.pack("i", container))
    fcntl.ioctl(container, SET_IOMMU, TYPE1_IOMMU)
    # A bytearray: of an immutable argument ioctl gives back a copy, not the result.
    card = fcntl.ioctl(group, GROUP_GET_DEVICE_FD, bytearray(address.encode() + b"\0"))
    os.pwrite(card, struct.pack("<H", MEMORY_AND_MASTER), CONFIG + COMMAND)
    for register, value in ((TDBAL, NOWHERE), (TDBAH, 0), (TDLEN, 4096), (TDH, 0), (TCTL, ENABLE),
                            (TDT, 1)):
        os.pwrite(card, struct.pack("<I", value), BAR0 + register)
    time.sleep(1)


main()
