# SPDX-License-Identifier: LGPL-2.1-or-later
"""ModemManager with one modem, for python3-dbusmock, whose own template is newer than some
distributions. The modem is on wwan0, or on a serial line where NetworkManager runs ppp."""

import dbus
from dbusmock import MOCK_IFACE, get_object

BUS_NAME = 'org.freedesktop.ModemManager1'
MAIN_OBJ = '/org/freedesktop/ModemManager1'
MAIN_IFACE = 'org.freedesktop.ModemManager1'
SYSTEM_BUS = True
IS_OBJECT_MANAGER = True

MODEM = 'org.freedesktop.ModemManager1.Modem'
LOCATION = MODEM + '.Location'
MODEM_PATH = MAIN_OBJ + '/Modem/0'
BEARER_PATH = MAIN_OBJ + '/Bearer/0'


def load(mock, parameters):
    mock.AddObject(BEARER_PATH, 'org.freedesktop.ModemManager1.Bearer',
                   {'Interface': '', 'Connected': False}, [])
    mock.AddObject(MODEM_PATH, MODEM, {
        'State': dbus.Int32(8),
        'AccessTechnologies': dbus.UInt32(1 << 14),
        'SignalQuality': dbus.Struct((dbus.UInt32(70), True), signature='ub'),
        'Ports': dbus.Array([('ttyUSB0', dbus.UInt32(3)), ('wwan0', dbus.UInt32(2))],
                            signature='(su)'),
        'Bearers': dbus.Array([BEARER_PATH], signature='o'),
    }, [])
    get_object(MODEM_PATH).AddProperties(MODEM + '.Modem3gpp', {
        'RegistrationState': dbus.UInt32(1),
        'OperatorName': 'Example Mobile',
    })
    get_object(MODEM_PATH).AddProperties(LOCATION, {
        'Enabled': dbus.UInt32(1),
        'SignalsLocation': False,
        'Location': dbus.Dictionary({}, signature='uv'),
    })


@dbus.service.method(MOCK_IFACE, in_signature='u')
def SetSignalQuality(self, percent):
    quality = dbus.Struct((dbus.UInt32(percent), True), signature='ub', variant_level=1)
    self.EmitSignal(dbus.PROPERTIES_IFACE, 'PropertiesChanged', 'sa{sv}as',
                    [MODEM, dbus.Dictionary({'SignalQuality': quality}, signature='sv'), []])


@dbus.service.method(MOCK_IFACE, in_signature='s')
def SignalCell(self, cell):
    """Some source of another kind is beside it, as a satellite receiver's."""
    places = {dbus.UInt32(4): dbus.String('$GPGGA', variant_level=1)}
    if cell:
        places[dbus.UInt32(1)] = dbus.String(cell, variant_level=1)
    places = dbus.Dictionary(places, signature='uv', variant_level=1)
    self.EmitSignal(dbus.PROPERTIES_IFACE, 'PropertiesChanged', 'sa{sv}as',
                    [LOCATION, dbus.Dictionary({'Location': places}, signature='sv'), []])
