#!/bin/sh
# image.sh BASE GUEST FOLDER: a disk and an initramfs for the guest, from what base.sh made and the files in GUEST, into FOLDER.
#
#   FOLDER/disk.img   its root, ext4
#   FOLDER/initrd     loads the drivers of that disk and starts systemd
#
# As root. FOLDER may be left half-made at any line: whoever calls this renames it when all is done.
set -eu
base=$(realpath "$1") guest=$(realpath "$2") folder=$3
release=$(cat "$base/release")
umask 022
export LC_ALL=C

mkdir -p "$folder"
cp -a "$base/root" "$folder/root"
cd "$folder"

# the files of the guest, and what is not wanted there
cp -r "$guest/files/." root/
mkdir -p root/usr/lib/rig root/host root/etc/systemd/system/multi-user.target.wants
cp "$guest"/*.py root/usr/lib/rig/
ln -s ../rig.service root/etc/systemd/system/multi-user.target.wants/rig.service
ln -sf /lib/systemd/system/multi-user.target root/etc/systemd/system/default.target
for unit in getty@tty1.service serial-getty@ttyS0.service systemd-timesyncd.service systemd-networkd.service systemd-resolved.service \
  e2scrub_all.timer fstrim.timer dpkg-db-backup.timer apt-daily.timer apt-daily-upgrade.timer systemd-binfmt.service \
  proc-sys-fs-binfmt_misc.automount systemd-update-utmp.service systemd-firstboot.service systemd-machine-id-commit.service; do
  ln -sf /dev/null "root/etc/systemd/system/$unit"
done
echo 0123456789abcdef0123456789abcdef >root/etc/machine-id
echo rig >root/etc/hostname
echo '127.0.0.1 localhost rig' >root/etc/hosts
: >root/etc/fstab
chroot root useradd --create-home --uid 1000 clerk

# an initramfs of one static program and the few drivers without which there is no root
mkdir -p early/bin early/modules early/proc early/sys early/dev early/new
cp root/bin/busybox early/bin/busybox
cp "$guest/initramfs-init" early/init
chmod +x early/init
for module in virtio_pci virtio_blk crc32c_generic ext4; do
  chroot root modprobe --set-version "$release" --show-depends "$module" | awk '$1 == "insmod" { print $2 }'
done | awk '!seen[$0]++' >drivers
while read -r driver; do
  cp "root$driver" early/modules/
  basename "$driver" >>early/order
done <drivers
system=$PWD/root
(cd early && find . | "$system/bin/busybox" cpio -o -H newc 2>/dev/null) >initrd

mke2fs -q -t ext4 -L rig -E lazy_itable_init=1,root_owner=0:0 -d root disk.img 3G
rm -rf root early drivers
