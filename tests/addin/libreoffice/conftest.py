"""A test during which LibreOffice crashed is run once more, in a new one.

It does so now and then where its boxes are looked at over the bridge while they open or close (7.4); a crash of our own
making comes again.
"""

from _pytest.runner import runtestprotocol

from tests.addin.libreoffice import office


def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    office.crashes.clear()
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if office.crashes and any(report.failed for report in reports):
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
