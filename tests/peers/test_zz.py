import time
def test_x(archive, gateway, destination):
    for i in range(3):
        a=time.perf_counter(); gateway.q(archive,'PEERS-UTF-8'); b=time.perf_counter(); gateway.qr(archive,'PEERS-UTF-8'); c=time.perf_counter()
        print(archive.name, 'q',round(b-a,3),'qr',round(c-b,3))
